import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { openPostgresBlobs } from "../../coordinator/plugins/blobs-database/blobs-postgres.ts";
import { openSqliteBlobs } from "../../coordinator/plugins/blobs-database/blobs-sqlite.ts";
import { openDirectoryBlobs } from "../../coordinator/plugins/blobs-directory/blobs-directory.ts";
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
  return { blobs: await openPostgresBlobs(url), reopen: () => openPostgresBlobs(url) };
});

test("a file torn by a crash in the midst of an append goes on behind its last whole chunk", async () => {
  const path = fresh();
  const chunk = { ref: { shard: 1, lane: 1, seq: 1 }, attempt: 1, stream: 1, at: 1, elided: 0 };
  const before = await openDirectoryBlobs(path);
  await before.append([{ ...chunk, offset: 0, data: Buffer.from("whole") }]);
  const [folder] = readdirSync(path);
  const [file] = readdirSync(join(path, folder!));
  appendFileSync(join(path, folder!, file!), Buffer.alloc(23, 9));
  const after = await openDirectoryBlobs(path);
  await after.append([{ ...chunk, offset: 5, data: Buffer.from("next") }]);
  const read = await after.read(chunk.ref, 1, 0, 100);
  expect(read.map(({ data }) => Buffer.from(data).toString())).toEqual(["whole", "next"]);
});
