import { freshSqlite } from "../support/sqlite-database.ts";
import { killPoints } from "./kill-points.ts";

killPoints("SQLite", freshSqlite, [1]);
