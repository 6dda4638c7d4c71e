import { freshDatabase } from "../support/database.ts";
import { killAtAllPoints } from "./kill-points.ts";

killAtAllPoints("Postgres", freshDatabase, 2);
