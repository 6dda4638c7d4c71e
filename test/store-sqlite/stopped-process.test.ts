import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { contents } from "../faults/database-contents.ts";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

test("stopped before its write and taken over from, a process that goes on writes nothing", async () => {
  const old = await lab.startProcess("flush.begin", "stop");
  expect(await old.flush()).toBe("stops");
  const successor = await lab.open();
  expect(await successor.claim("successor", true)).toContainEqual({ shard: 0, epoch: 2 });
  const before = await contents(lab.url);
  expect(await old.goOn()).toBe("FencedError");
  expect(await contents(lab.url)).toEqual(before);
  await old.kill();
});

test("stopped after its commit, what it wrote stays, and it writes nothing more", async () => {
  const old = await lab.startProcess("flush.after-commit", "stop");
  expect(await old.flush()).toBe("stops");
  const successor = await lab.open();
  await successor.claim("successor", true);
  const before = await contents(lab.url);
  expect(before["end_1"]?.[0]).toBe(1);
  expect(await old.goOn()).toBe("done");
  expect(await old.flush()).toBe("FencedError");
  expect(await contents(lab.url)).toEqual(before);
  await old.kill();
});

test("a process stopped in the midst of a write keeps the file: a takeover says so, and works when it is ended", async () => {
  const old = await lab.startProcess("flush.before-commit", "stop");
  expect(await old.flush()).toBe("stops");
  const takeOver = async () => (await lab.open()).claim("successor", true);
  const refusal = await takeOver().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StoreUnavailableError);
  expect((refusal as Error).message).toMatch(/is locked by another program: end the .* or frozen coordinator/);
  await old.kill();
  expect(await takeOver()).toContainEqual({ shard: 0, epoch: 2 });
  expect((await contents(lab.url))["task_1"]?.[0]).toBe(0);
});
