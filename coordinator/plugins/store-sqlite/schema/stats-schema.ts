import type { MigrationInterface, QueryRunner } from "typeorm";
import { STATS_TABLES } from "./stats-tables.ts";

/** Rollups, failure groups and the activity list. */
export class Stats1785500000000 implements MigrationInterface {
  readonly name = "Stats1785500000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATS_TABLES.split(";")) if (statement.trim() !== "") await runner.query(statement);
  }

  /** @throws always: versions do not go back. */
  async down(): Promise<void> {
    throw new Error("The schema does not go back: restore the backup that was made before.");
  }
}
