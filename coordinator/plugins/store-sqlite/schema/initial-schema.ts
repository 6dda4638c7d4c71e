import { randomBytes } from "node:crypto";
import type { MigrationInterface, QueryRunner } from "typeorm";
import { CONTROL_TABLES, segmentTables } from "../tables.ts";

/** Shards of an embedded installation: one coordinator owns them all. */
const SHARDS = 4;

/** The first schema. TypeORM reads the order of migrations off the end of their names. */
export class InitialSchema1764000000000 implements MigrationInterface {
  readonly name = "InitialSchema1764000000000";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of `${CONTROL_TABLES}${segmentTables(0)}`.split(";"))
      if (statement.trim() !== "") await runner.query(statement);
    for (let shard = 0; shard < SHARDS; shard++) await runner.query("INSERT INTO shard VALUES (?, 0)", [shard]);
    for (const counter of ["generation", "auth_version", "resolved"])
      await runner.query("INSERT INTO meta VALUES (?, 0)", [counter]);
    await runner.query("INSERT INTO meta VALUES ('salt', ?)", [randomBytes(32)]);
  }

  /** @throws always: going back would lose every task. */
  async down(): Promise<void> {
    throw new Error("The first schema cannot be undone: remove the database file instead.");
  }
}
