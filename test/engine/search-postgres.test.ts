import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { searchExam } from "./search.ts";

searchExam("Postgres", async () => {
  const url = await freshDatabase();
  return () => postgresStore.open(url, { readConnections: 2, failpoint: () => {} });
});
