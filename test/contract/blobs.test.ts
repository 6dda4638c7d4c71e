import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { openDirectoryBlobs } from "../../coordinator/plugins/blobs-directory/blobs-directory.ts";
import { postgresBlobs } from "../../coordinator/plugins/store-postgres/blobs-postgres.ts";
import { openSqliteBlobs } from "../../coordinator/plugins/store-sqlite/blobs-sqlite.ts";
import { freshDatabase } from "../support/database.ts";
import { blobsExam } from "./blobs-exam.ts";

const root = mkdtempSync(join(tmpdir(), "tss-blobs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(root, String(++count));

blobsExam("directory", async () => {
  const path = fresh();
  return { blobs: await openDirectoryBlobs(path), reopen: () => openDirectoryBlobs(path) };
});
blobsExam("database, SQLite", async () => {
  const path = fresh();
  return { blobs: openSqliteBlobs(path), reopen: async () => openSqliteBlobs(path) };
});
blobsExam("database, Postgres", async () => {
  const url = await freshDatabase();
  return { blobs: await postgresBlobs(url), reopen: () => postgresBlobs(url) };
});

const PART = { ref: { shard: 1, lane: 1, seq: 1 }, attempt: 1, stream: 1, at: 1, elided: 0 };

test("a file torn anywhere in an append goes on behind its last whole chunk", async () => {
  const path = fresh();
  const before = await openDirectoryBlobs(path);
  await before.append([{ ...PART, offset: 0, data: Buffer.from("whole") }]);
  const file = join(path, "01", "1.1.1.1.log");
  const whole = readFileSync(file);
  await before.append([{ ...PART, offset: 5, data: Buffer.from("torn") }]);
  const both = readFileSync(file);
  const torn = Array.from({ length: both.length - whole.length }, (_, i) => both.subarray(0, whole.length + i));
  torn.push(Buffer.concat([whole, Buffer.alloc(5_000)]), Buffer.concat([whole, Buffer.alloc(100, 255)]));
  torn.push(Buffer.concat([both.subarray(0, -1), Buffer.from("?")]));
  for (const content of torn) {
    writeFileSync(file, content);
    const after = await openDirectoryBlobs(path);
    const text = async () => (await after.read(PART.ref, 1, 0, 100)).map(({ data }) => Buffer.from(data).toString());
    expect(await text()).toEqual(["whole"]);
    await after.append([{ ...PART, offset: 5, data: Buffer.from("next") }]);
    expect(await text()).toEqual(["whole", "next"]);
  }
});

test("the SQLite file of output is its user's own, and shrinks when output is pruned", async () => {
  const path = fresh();
  const blobs = openSqliteBlobs(path);
  const data = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * i * 2_654_435_761) >>> 13));
  for (let seq = 1; seq < 300; seq++) await blobs.append([{ ...PART, ref: { ...PART.ref, seq }, offset: 0, data }]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await blobs.prune(2)).toBeGreaterThan(16e6);
  expect(statSync(path).size).toBeLessThan(6e6);
  await blobs.close();
});

test("a file that is no database is named", () => {
  const path = fresh();
  writeFileSync(path, "dear diary ".repeat(100));
  expect(() => openSqliteBlobs(path)).toThrow(path);
});
