import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { openWriter } from "../../coordinator/plugins/store-sqlite/connection.ts";
import { storeError } from "../../coordinator/plugins/store-sqlite/sqlite-errors.ts";
import { sqliteFile } from "../../coordinator/plugins/store-sqlite/sqlite-file.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { BadRowError, SchemaError, StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { claimAll } from "../contract/store/owner.ts";
import { type Lab, openLab } from "./lab.ts";

const OPTIONS = { readConnections: 1, failpoint: () => {} };

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

const problemOf = async (path: string) => (await sqliteStore.status(`sqlite:${path}`)).problem;
const sqliteError = (errcode: number, message: string) =>
  Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode });

test("addresses name a file", () => {
  expect(sqliteFile("sqlite:/a/b.db")).toBe("/a/b.db");
  expect(sqliteFile("sqlite:///a/b.db")).toBe("/a/b.db");
  expect(sqliteFile("sqlite:./b.db")).toBe(join(process.cwd(), "b.db"));
  for (const url of ["sqlite:", "sqlite::memory:", "postgres://a/b"])
    expect(() => sqliteFile(url)).toThrow("sqlite:PATH");
});

test("a database that is not there yet is no failure, and looking does not make it", async () => {
  const path = join(lab.directory, "none", "tss.db");
  const status = await sqliteStore.status(`sqlite:${path}`);
  expect(status).toMatchObject({ reachable: true, version: 0 });
  expect(status.problem).toContain(path);
  expect(status.problem).toContain("tss db init");
  await expect(sqliteStore.open(`sqlite:${path}`, OPTIONS)).rejects.toBeInstanceOf(SchemaError);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("migrate makes the directory and a file that only its user may read", async () => {
  const path = join(lab.directory, "a", "b", "tss.db");
  await sqliteStore.migrate(`sqlite:${path}`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a directory that cannot be made is named", async () => {
  writeFileSync(join(lab.directory, "file"), "");
  const path = join(lab.directory, "file", "tss.db");
  await expect(sqliteStore.migrate(`sqlite:${path}`)).rejects.toThrow(dirname(path));
});

test("a file that is no database is named as such and left as it is", async () => {
  const path = join(lab.directory, "notes.txt");
  writeFileSync(path, "dear diary\n".repeat(1_000));
  expect(await problemOf(path)).toBe(
    `The file ${path} is not a SQLite database: set TSS_DATABASE_URL to another file.`,
  );
  await expect(sqliteStore.migrate(`sqlite:${path}`)).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(statSync(path).size).toBe(11_000);
});

test("a directory in the place of the file is refused in one sentence", async () => {
  const path = join(lab.directory, "tss");
  mkdirSync(path);
  const status = await sqliteStore.status(`sqlite:${path}`);
  expect(status).toMatchObject({ reachable: false, version: 0 });
  expect(status.problem).toContain(path);
});

test("each failure of SQLite becomes one sentence that names the file and what to do", () => {
  const path = lab.path;
  const of = (errcode: number, message: string) => storeError(path, sqliteError(errcode, message));
  for (const [errcode, advice] of [
    [5, "end the shell"],
    [8, "cannot be opened for writing"],
    [13, "free some space"],
    [266, "check its disk"],
    [11, "restore a backup"],
    [26, "another file"],
  ] as const) {
    const error = of(errcode, "x") as StoreUnavailableError;
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.inDoubt).toBe(false);
    expect(error.message).toContain(path);
    expect(error.message).toContain(advice);
    expect(error.message).not.toContain("\n");
  }
  expect(of(1555, "UNIQUE constraint failed")).toBeInstanceOf(BadRowError);
  const other = new Error("of somebody else");
  expect(storeError(path, other)).toBe(other);
});

test("only a commit whose write failed is in doubt", () => {
  const inDoubt = (errcode: number) =>
    (storeError(lab.path, sqliteError(errcode, "x"), true) as StoreUnavailableError).inDoubt;
  expect([10, 266, 1034, 11].map(inDoubt)).toEqual([true, true, true, true]);
  expect([5, 13].map(inDoubt)).toEqual([false, false]);
});

test("while another program holds the file a reclaim gives up soon and a flush says why", async () => {
  const owner = await claimAll(await lab.open());
  await owner.openSegment();
  const sealed = owner.seg;
  await owner.openSegment();
  const shell = new DatabaseSync(lab.path);
  shell.exec("BEGIN IMMEDIATE");
  expect(await owner.store.segments.reclaim(owner.shards, sealed, 1e15, 0)).toEqual({ outcome: "busy" });
  const batch = owner.batch({ tasks: [owner.task()] });
  const refusal = await owner.store.flush(batch).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StoreUnavailableError);
  expect(refusal).toMatchObject({ inDoubt: false, message: expect.stringContaining("locked by another program") });
  shell.exec("ROLLBACK");
  shell.close();
  expect(await owner.store.flush(batch)).toEqual({ keys: [], lostEnds: [] });
  expect(await owner.store.segments.reclaim(owner.shards, sealed, 1e15, 0)).toMatchObject({ outcome: "reclaimed" });
});

test("a writer that has waited for a lock in vain does not stand still for it again", () => {
  const writer = openWriter(lab.path);
  const other = new DatabaseSync(lab.path);
  const waitMs = () => writer.prepare("PRAGMA busy_timeout").get()?.["timeout"];
  const write = () => writer.write(() => writer.prepare("UPDATE shard SET epoch = epoch").run());
  const patient = waitMs() as number;
  other.exec("BEGIN IMMEDIATE");
  expect(write).toThrow(/locked by another program/);
  expect(waitMs()).toBeLessThan(patient / 10);
  expect(write).toThrow(/locked by another program/);
  other.exec("ROLLBACK");
  write();
  expect(waitMs()).toBe(patient);
  other.close();
  writer.close();
});
