import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { OwnedError, SchemaError } from "../../coordinator/ports/store-errors.ts";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

test("a second process is refused and told the pid of the first", async () => {
  const owner = await lab.startProcess();
  const store = await lab.open();
  const refusal = await store.claim("second", false).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(OwnedError);
  expect((refusal as OwnedError).owner).toContain(String(owner.pid));
  expect((refusal as OwnedError).message).toContain(String(owner.pid));
  expect(await owner.flush()).toBe("done");
});

test("a process that was killed has left nothing to clear away", async () => {
  const owner = await lab.startProcess();
  await owner.flush();
  await owner.kill();
  const store = await lab.open();
  const shards = await store.claim("next", false);
  expect(shards.map((owned) => owned.epoch)).toEqual([2, 2, 2, 2]);
});

test("a process that was taken over from is fenced, and its end changes nothing for its successor", async () => {
  const owner = await lab.startProcess();
  expect(await owner.flush()).toBe("done");
  const successor = await lab.open();
  const shards = await successor.claim("successor", true);
  expect(await owner.flush()).toBe("FencedError");

  const third = await lab.open();
  await expect(third.claim("third", false)).rejects.toThrow("successor");
  await owner.kill();
  await expect(third.claim("third", false)).rejects.toThrow("successor");
  expect(await successor.claim("successor", false)).toEqual(shards.map((o) => ({ ...o, epoch: o.epoch + 1 })));
});

test("a store that was taken over from may not claim again without a takeover", async () => {
  const [first, second] = [await lab.open(), await lab.open()];
  await first.claim("first", false);
  await second.claim("second", true);
  await expect(first.claim("first", false)).rejects.toThrow("second");
  await first.close();
  await expect((await lab.open()).claim("third", false)).rejects.toThrow("second");
});

test("a lock file that is none is nobody's lock", async () => {
  writeFileSync(`${lab.path}.lock`, "4711 was here\n".repeat(100));
  const store = await lab.open();
  expect(await store.claim("first", false)).toHaveLength(4);
});

test("the schema is not moved while an owner lives, whose code knows it as it is; two that move it at once take turns", async () => {
  const owner = await lab.startProcess();
  const file = new DatabaseSync(lab.path);
  file.exec("UPDATE meta SET value = value - 1 WHERE key = 'schema_version'");
  file.close();
  const refusal = await sqliteStore.migrate(lab.url).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SchemaError);
  expect((refusal as SchemaError).message).toMatch(/ is in use by .*: stop it, then run "tss db migrate" again/);
  expect((refusal as SchemaError).message).toContain(String(owner.pid));
  await owner.kill();
  const [one, two] = await Promise.all([sqliteStore.migrate(lab.url), sqliteStore.migrate(lab.url)]);
  expect([one, two]).toEqual([one, { ...one, pending: [], problem: "" }]);
  expect(await (await lab.open()).claim("next", false)).toHaveLength(4);
});
