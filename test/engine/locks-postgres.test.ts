import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { locksOnStore } from "./locks.ts";

locksOnStore("Postgres", async () => {
  const url = await freshDatabase();
  return { openAgain: () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} }) };
});
