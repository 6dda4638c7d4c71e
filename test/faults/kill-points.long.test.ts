import { freshDatabase } from "../support/database.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { killAtEachPoint } from "./kill-points.ts";

const SEEDS = Array.from({ length: 20 }, (_, index) => 100 + index);

killAtEachPoint("SQLite", freshSqlite, SEEDS);
killAtEachPoint("Postgres", freshDatabase, SEEDS);
