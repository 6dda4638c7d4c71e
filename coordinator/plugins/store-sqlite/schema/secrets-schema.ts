import type { MigrationInterface, QueryRunner } from "typeorm";

/** Values that tasks get in their environment, sealed before they come here. */
export class Secrets1796000000000 implements MigrationInterface {
  readonly name = "Secrets1796000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE secret (name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, queues TEXT NOT NULL,
        set_at INTEGER NOT NULL, set_by TEXT NOT NULL, master_key_id TEXT NOT NULL, wrapped BLOB NOT NULL,
        sealed BLOB NOT NULL) STRICT`,
    );
  }

  /** @throws always: versions do not go back. */
  async down(): Promise<void> {
    throw new Error("The schema does not go back: restore the backup that was made before.");
  }
}
