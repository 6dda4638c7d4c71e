import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { freshDatabase } from "../support/database.ts";
import { lifeOfTasks } from "./life.ts";

lifeOfTasks("Postgres", async () =>
  postgresStore.open(await freshDatabase(), { readConnections: 2, failpoint: () => {} }),
);
