import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { taskLocks } from "./task-locks.ts";

taskLocks("Postgres", async () => {
  const url = await freshDatabase();
  return () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} });
});
