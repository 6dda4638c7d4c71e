import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { locksInOutages } from "./lock-outages.ts";
import { locksOnStore } from "./locks.ts";

const openFresh = async () => {
  const url = await freshDatabase();
  return { openAgain: () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} }) };
};

locksOnStore("Postgres", openFresh);
locksInOutages("Postgres", openFresh);
