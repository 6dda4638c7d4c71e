import type pg from "pg";
import type { MigrationInterface, QueryRunner } from "typeorm";
import { SchemaError, StoreUnavailableError } from "../../ports/store-errors.ts";
import type { SchemaStatus } from "../../ports/store-plugin.ts";
import { currentOwner } from "./claim.ts";
import { connect } from "./connect.ts";
import { explain } from "./connection-problem.ts";
import { driverUrl, type Target, targetOf } from "./connection-url.ts";
import { OWNER_APPLICATION } from "./owner-session.ts";
import { OWNER_LOCK } from "./schema/fence-function.ts";
import { STEPS, type Step } from "./schema/migrations.ts";
import { PLAIN_SESSION, serverProblem, statusOver, whereOf } from "./schema-status.ts";

/** Session-level advisory lock under which one process at a time migrates. */
const MIGRATION_LOCK = 7703;

/**
 * Brings the schema to the newest version. Processes that migrate at once take turns; the later ones find nothing to do.
 * @throws SchemaError when the schema is newer than this program, the server is too old or read-only, or coordinators still
 * work on the database or stand by: their code knows the schema as it is.
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
      if (before.pending.length > 0) {
        if (before.version > 0) await requireNobody(client, before, at);
        await runSteps(url);
      }
      return await statusOver(client, at);
    } finally {
      await client.end().catch(() => {});
    }
  } catch (error) {
    if (error instanceof SchemaError) throw error;
    throw new StoreUnavailableError(explain(error, at), false, error);
  }
}

/** How long the server may take to notice that the connection of a killed coordinator is gone, and how often it is asked. */
const GOING_MS = 2_000;
const LOOK_MS = 100;

/** Coordinators of every version keep such a session, those that stand by too; and who owns anything holds the lock. */
const FREE = `SELECT pg_try_advisory_lock(${OWNER_LOCK}, 0) AS ownerless, NOT EXISTS (SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND starts_with(application_name, '${OWNER_APPLICATION}')) AS alone`;

/** The lock is kept until the connection ends: no coordinator begins meanwhile. */
async function requireNobody(client: pg.Client, { version, latest }: SchemaStatus, at: Target): Promise<void> {
  for (const until = performance.now() + GOING_MS; ; ) {
    const { ownerless, alone } = (await client.query(FREE)).rows[0];
    if (ownerless && alone) return;
    if (performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new SchemaError(
    `Coordinators still work on ${whereOf(at)}, or stand by (owner: ${await currentOwner(client)}): stop all of them, then run ` +
      `\`tss db migrate\` again, which takes the schema from version ${version} to ${latest}.`,
  );
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
