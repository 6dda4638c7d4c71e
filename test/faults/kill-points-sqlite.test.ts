import { freshSqlite } from "../support/sqlite-database.ts";
import { killAtAllPoints } from "./kill-points.ts";

killAtAllPoints("SQLite", freshSqlite, 1);
