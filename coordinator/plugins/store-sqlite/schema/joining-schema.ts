import type { MigrationInterface, QueryRunner } from "typeorm";

/** Join tokens and keys that renew themselves. */
export class Joining1795900000000 implements MigrationInterface {
  readonly name = "Joining1795900000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE api_key ADD COLUMN renew_ms INTEGER NOT NULL DEFAULT 0");
    await runner.query("ALTER TABLE api_key ADD COLUMN next_hash BLOB");
    await runner.query("ALTER TABLE api_key ADD COLUMN used_by TEXT NOT NULL DEFAULT ''");
  }

  /** @throws always: versions do not go back. */
  async down(): Promise<void> {
    throw new Error("The schema does not go back: restore the backup that was made before.");
  }
}
