import { freshDatabase } from "../support/database.ts";
import { killPoints } from "./kill-points.ts";

killPoints("Postgres", freshDatabase, [2]);
