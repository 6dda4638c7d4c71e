import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";

/** Address of a new SQLite database with the newest schema; it goes when the test file has ended. */
export async function freshSqlite(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "tss-sqlite-"));
  directories.push(directory);
  const url = `sqlite:${join(directory, "tss.db")}`;
  await sqliteStore.migrate(url);
  return url;
}

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
