import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DataSource } from "typeorm";
import { makeDirectory, systemReason } from "../../../../runtime/make-directory.ts";
import { SchemaError, StoreUnavailableError } from "../../../ports/store-errors.ts";
import type { SchemaStatus } from "../../../ports/store-plugin.ts";
import { openWriter } from "../connection.ts";
import { OwnerLock } from "../owner-lock.ts";
import { isBusy, storeError } from "../sqlite-errors.ts";
import { fileProblem } from "../sqlite-file.ts";
import { checkVersion, LATEST, schemaVersion, statusOf } from "./version.ts";

/** How long another process may migrate before this one gives up, and how often it looks. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 20;

/** What the owner of the file is called while it is migrated. */
const MIGRATION = "tss db migrate";

/**
 * Brings the file to the newest schema, in one transaction that holds the write lock from its start: of two processes the
 * second finds nothing left to do.
 */
export async function migrateFile(path: string): Promise<SchemaStatus> {
  makeFile(path);
  const version = currentVersion(path);
  if (version === 0) await runMigrations(path);
  else if (version < LATEST) await alone(path, () => runMigrations(path));
  else checkVersion(path, version);
  return statusOf(path, currentVersion(path));
}

/** In the place of the owner, whose code knows the schema as it is. Others that migrate are waited for. */
async function alone(path: string, body: () => Promise<void>): Promise<void> {
  const lock = new OwnerLock(path);
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const living = lock.take(MIGRATION, false);
    if (living === null) break;
    if (!living.startsWith(MIGRATION) || performance.now() > until)
      throw new SchemaError(
        `The database ${path} is in use by ${living}: stop it, then run "tss db migrate" again, which takes the schema to version ${LATEST}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  try {
    if (currentVersion(path) < LATEST) await body();
  } finally {
    lock.release();
  }
}

/** Tasks may carry secrets: only the user that makes the file may read it. */
function makeFile(path: string): void {
  const refuse = (message: string, error: unknown) =>
    new StoreUnavailableError(
      `${message}: set TSS_DATABASE_URL to a path where this user may make files.`,
      false,
      error,
    );
  try {
    makeDirectory(dirname(path));
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  try {
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const known = existsSync(path) ? fileProblem(path) : "";
    if (known !== "") throw new StoreUnavailableError(known, false, error);
    throw refuse(`The file ${path} cannot be made (${systemReason(error)})`, error);
  }
}

function currentVersion(path: string): number {
  const connection = openWriter(path);
  try {
    return connection.read(() => schemaVersion(connection));
  } finally {
    connection.close();
  }
}

async function runMigrations(path: string): Promise<void> {
  const { DataSource } = await import("typeorm");
  const { InitialSchema1764000000000 } = await import("./initial-schema.ts");
  const { Stats1785500000000 } = await import("./stats-schema.ts");
  const { Bulk1795600000000 } = await import("./bulk-schema.ts");
  const { Joining1795900000000 } = await import("./joining-schema.ts");
  const { Secrets1796000000000 } = await import("./secrets-schema.ts");
  const { NodeSqliteDriver } = await import("./typeorm-driver.ts");
  const source = new DataSource({
    type: "better-sqlite3",
    driver: NodeSqliteDriver,
    database: path,
    timeout: 0,
    migrations: [
      InitialSchema1764000000000,
      Stats1785500000000,
      Bulk1795600000000,
      Joining1795900000000,
      Secrets1796000000000,
    ],
    migrationsTableName: "migration",
  });
  try {
    await retryBusy(() => source.initialize());
    await retryBusy(() => source.query("BEGIN IMMEDIATE"));
    await runInside(source);
  } catch (error) {
    throw storeError(path, (error as { driverError?: unknown }).driverError ?? error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

async function runInside(source: DataSource): Promise<void> {
  try {
    await source.runMigrations({ transaction: "none" });
    await source.query("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)", [LATEST]);
    await source.query("COMMIT");
  } catch (error) {
    await source.query("ROLLBACK");
    throw error;
  }
}

/** Waits without standing still: the other one may be this very process. */
async function retryBusy<T>(body: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (!isBusy((error as { driverError?: unknown }).driverError ?? error) || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
