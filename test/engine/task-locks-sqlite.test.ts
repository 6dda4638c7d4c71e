import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { taskLocks } from "./task-locks.ts";

taskLocks("SQLite", async () => {
  const url = await freshSqlite();
  return () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
});
