import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { claimAll, type Owner } from "../contract/store/owner.ts";
import { endRow, eventRow } from "../contract/store/rows.ts";
import { type Lab, openLab } from "./lab.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;

let lab: Lab;
let owner: Owner;
beforeEach(async () => {
  lab = await openLab();
  owner = await claimAll(await lab.open());
  await owner.openSegment();
});
afterEach(() => lab.close());

function raw<T>(body: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(lab.path);
  try {
    return body(db);
  } finally {
    db.close();
  }
}

const tables = () =>
  raw(
    (db) =>
      db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name GLOB '*_[0-9]*'").get()?.["n"],
  );

async function fillAndSeal(rows: number): Promise<number> {
  for (let done = 0; done < rows; done += 500) {
    const tasks = Array.from({ length: 500 }, () => owner.task({ spec: new Uint8Array(2_000) }));
    await owner.flush({ tasks, events: tasks.map((task) => eventRow(task, owner.next())) });
    await owner.flush({ ends: tasks.map((task) => endRow(task)) });
  }
  const sealed = owner.seg;
  await owner.openSegment();
  return sealed;
}

test("the disk comes back when segments are given back, and tables do not pile up", async () => {
  const atFirst = tables();
  let largest = 0;
  for (let turn = 0; turn < 3; turn++) {
    const sealed = await fillAndSeal(6_000);
    largest = Math.max(largest, statSync(lab.path).size);
    expect(await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 0)).toMatchObject({
      outcome: "reclaimed",
    });
  }
  await until(() => statSync(lab.path).size < 6 * 1024 * 1024);
  expect(largest).toBeGreaterThan(12 * 1024 * 1024);
  expect(tables()).toBe(atFirst);
});

test("tables that a crash left behind are dropped by the next owner", async () => {
  const sealed = await fillAndSeal(500);
  raw((db) => db.prepare("UPDATE segment SET freed = 1 WHERE seg = ?").run(sealed));
  const before = Number(tables());
  const heir = await claimAll(await lab.open(), true);
  expect((await heir.store.segments.list()).map((segment) => segment.seg)).toEqual([owner.seg]);
  await until(() => Number(tables()) < before);
  expect((await heir.openSegment()).seg).toBe(sealed);
});

test("an owner that was taken over from drops no table that its successor uses", async () => {
  const sealed = await fillAndSeal(500);
  await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 0);
  const heir = await claimAll(await lab.open(), true);
  expect((await heir.openSegment()).seg).toBe(sealed);
  const task = heir.task();
  await heir.flush({ tasks: [task] });
  await owner.store.close();
  expect(await heir.stored(task)).not.toBeNull();
});

test("an end that comes too late for its segment is lost, and written where the task is now", async () => {
  const [kept, ended] = [owner.task(), owner.task()];
  await owner.flush({ tasks: [kept, ended], ends: [endRow(ended)] });
  const sealed = owner.seg;
  await owner.openSegment();
  await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 10);
  for (const drop of ["not yet", "dropped"]) {
    const plain = owner.task();
    const late = await owner.flush({ tasks: [plain], ends: [endRow(plain), endRow(kept), endRow(ended)] });
    expect([drop, late.lostEnds]).toEqual([drop, [1, 2]]);
    await owner.openSegment();
  }
  expect((await owner.stored(kept))?.end).toBeNull();
  expect((await owner.flush({ ends: [endRow({ ...kept, seg: 0 })] })).lostEnds).toEqual([]);
});

test("a search for unfinished tasks that takes long goes on where it was", async () => {
  const tasks = Array.from({ length: 12_000 }, () => owner.task());
  for (let at = 0; at < tasks.length; at += 1_000) await owner.flush({ tasks: tasks.slice(at, at + 1_000) });
  const unfinished = [tasks[0], tasks[6_000], tasks[11_999]];
  const ended = tasks.filter((task) => !unfinished.includes(task)).map((task) => endRow(task));
  for (let at = 0; at < ended.length; at += 1_000) await owner.flush({ ends: ended.slice(at, at + 1_000) });
  const sealed = owner.seg;
  await owner.openSegment();
  let result = await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 3);
  while (result.outcome === "busy") result = await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 3);
  if (result.outcome !== "reclaimed") throw new Error(result.outcome);
  expect(result.moved.map((ref) => ref.seq)).toEqual(unfinished.map((task) => task?.seq));
});

/** Lets the store go on until a condition holds; the test's own time limit ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
