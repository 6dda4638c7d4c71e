import { freshDatabase } from "../support/database.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { killPoints } from "./kill-points.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);

killPoints("SQLite", freshSqlite, SEEDS);
killPoints("Postgres", freshDatabase, SEEDS);
