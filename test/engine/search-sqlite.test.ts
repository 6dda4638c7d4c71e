import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { searchExam } from "./search.ts";

searchExam("SQLite", async () => {
  const url = await freshSqlite();
  return () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
});
