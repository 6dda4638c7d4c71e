import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { racesOfEngines } from "./races.ts";

racesOfEngines("Postgres", async () => {
  const url = await freshDatabase();
  return () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} });
});
