import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { liveStats } from "./live.ts";

liveStats("SQLite", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  return { store: await open(), again: open };
});
