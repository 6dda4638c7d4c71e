import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { locksOnStore } from "./locks.ts";

locksOnStore("SQLite", async () => {
  const url = await freshSqlite();
  return { openAgain: () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }) };
});
