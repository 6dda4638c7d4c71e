import { freshDatabase } from "../support/database.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { deepBacklog } from "./deep-backlog.ts";

const TASKS = 20_000;

deepBacklog("SQLite", freshSqlite, TASKS, 60_000);
deepBacklog("Postgres", freshDatabase, TASKS, 60_000);
