import type { MigrationInterface, QueryRunner } from "typeorm";
import { SchemaError, StoreUnavailableError } from "../../ports/store-errors.ts";
import type { SchemaStatus } from "../../ports/store-plugin.ts";
import { connect } from "./connect.ts";
import { explain } from "./connection-problem.ts";
import { driverUrl, targetOf } from "./connection-url.ts";
import { STEPS, type Step } from "./schema/migrations.ts";
import { PLAIN_SESSION, serverProblem, statusOver } from "./schema-status.ts";

/** Session-level advisory lock under which one process at a time migrates. */
const MIGRATION_LOCK = 7703;

/**
 * Brings the schema to the newest version. Processes that migrate at once take turns; the later ones find nothing to do.
 * @throws SchemaError when the schema is newer than this program, or the server is too old or read-only.
 * @throws StoreUnavailableError when the database cannot be reached or the user lacks rights.
 */
export async function migrate(url: string): Promise<SchemaStatus> {
  const at = targetOf(url);
  try {
    const client = await connect(url, "tss migrate", PLAIN_SESSION);
    try {
      await client.query(`SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
      const server = await serverProblem(client, at);
      const before = await statusOver(client, at);
      if (server !== "" || before.version > before.latest) throw new SchemaError(server || before.problem);
      if (before.pending.length > 0) await runSteps(url);
      return await statusOver(client, at);
    } finally {
      await client.end().catch(() => {});
    }
  } catch (error) {
    if (error instanceof SchemaError) throw error;
    throw new StoreUnavailableError(explain(error, at), false, error);
  }
}

async function runSteps(url: string): Promise<void> {
  // Loaded here alone: it takes longer to load than everything else a coordinator needs to start.
  const { DataSource } = await import("typeorm");
  const source = new DataSource({
    type: "postgres",
    url: driverUrl(url),
    logging: false,
    migrationsTableName: "tss_migration",
    migrationsTransactionMode: "each",
    migrations: STEPS.map((step, place) => asMigration(step, place + 1)),
    extra: { max: 1 },
  });
  await source.initialize();
  try {
    await source.runMigrations();
  } finally {
    await source.destroy();
  }
}

/** The step and its version are committed together. */
function asMigration(step: Step, version: number): new () => MigrationInterface {
  return class {
    readonly name = step.name;
    async up(runner: QueryRunner): Promise<void> {
      await step.up(runner);
      await runner.query("UPDATE tss_meta SET schema_version = $1", [version]);
    }
    async down(): Promise<void> {
      throw new Error("the schema does not go back: restore the backup that was made before");
    }
  };
}
