import type { MigrationInterface, QueryRunner } from "typeorm";

/** Jobs on many tasks. */
export class Bulk1795600000000 implements MigrationInterface {
  readonly name = "Bulk1795600000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      "CREATE TABLE bulk (id TEXT NOT NULL PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID",
    );
  }

  /** @throws always: versions do not go back. */
  async down(): Promise<void> {
    throw new Error("The schema does not go back: restore the backup that was made before.");
  }
}
