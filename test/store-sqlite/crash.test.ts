import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { allSegments, listQuery } from "../contract/store/list-query.ts";
import { claimAll } from "../contract/store/owner.ts";
import { gateRow } from "../contract/store/rows.ts";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

/** What the next owner finds of the flush during which the process ended. */
async function found(failpoint: string) {
  const dying = await lab.startProcess(failpoint);
  expect(await dying.flush()).toBe("");
  await dying.kill();
  const owner = await claimAll(await lab.open());
  const segs = await allSegments(owner);
  owner.seg = segs[0] ?? 0;
  const { tasks } = await owner.store.reads.list(listQuery(segs));
  const flushes = await owner.store.recovery.flushesAfter(0, 0, 0, segs);
  const stored = await owner.store.reads.tasks(tasks.map((one) => ({ ...one.task, segs })));
  const key = await owner.flush({ keys: [gateRow("k:child")], tasks: [owner.task()], taskKeys: [0] });
  const request = await owner.flush({ requests: [gateRow("r:child")] }).then(
    () => "free",
    (error: Error) => error.name,
  );
  return {
    tasks: stored.map((one) => [one?.task.name, one?.events.length, one?.end?.status]),
    flushes: flushes.length,
    key: key.keys[0] === null ? "free" : "held",
    request,
  };
}

test.each(["flush.begin", "flush.before-commit"])(
  "a process that dies at %s has written nothing",
  async (failpoint) => {
    expect(await found(failpoint)).toEqual({ tasks: [], flushes: 0, key: "free", request: "free" });
  },
);

test("a process that dies after the commit has written all of it", async () => {
  expect(await found("flush.after-commit")).toEqual({
    tasks: [["of the child", 1, 3]],
    flushes: 1,
    key: "held",
    request: "RequestRepeatedError",
  });
});
