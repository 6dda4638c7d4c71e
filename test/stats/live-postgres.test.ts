import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { liveStats } from "./live.ts";

liveStats("Postgres", async () => {
  const url = await freshDatabase();
  const open = () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} });
  return { store: await open(), again: open };
});
