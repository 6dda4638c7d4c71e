import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { locksInOutages } from "./lock-outages.ts";
import { locksOnStore } from "./locks.ts";

const openFresh = async () => {
  const url = await freshSqlite();
  return { openAgain: () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }) };
};

locksOnStore("SQLite", openFresh);
locksInOutages("SQLite", openFresh);
