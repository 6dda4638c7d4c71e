import { freshDatabase } from "../support/database.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { deepBacklog } from "./deep-backlog.ts";

const TASKS = 2_000_000;
const HOUR_MS = 3_600_000;
const say = (line: string) => process.stderr.write(`${line}\n`);

deepBacklog("SQLite", freshSqlite, TASKS, HOUR_MS, say);
deepBacklog("Postgres", freshDatabase, TASKS, HOUR_MS, say);
