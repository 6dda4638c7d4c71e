import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { lifeOfTasks } from "./life.ts";

lifeOfTasks("SQLite", async () => sqliteStore.open(await freshSqlite(), { readConnections: 2, failpoint: () => {} }));
