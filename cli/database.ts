import { TssError } from "../proto/errors.ts";
import { BUILD } from "../runtime/build.ts";

/**
 * The one place where the command line meets the coordinator's own code: `tss db` and `tss doctor` look at a database
 * while no coordinator runs.
 */
interface StorePlugin {
  status(url: string): Promise<DatabaseStatus>;
  migrate(url: string): Promise<DatabaseStatus>;
}

/** A database as it is. */
export interface DatabaseStatus {
  readonly reachable: boolean;
  /** One sentence when something is wrong; "" otherwise. */
  readonly problem: string;
  /** 0: no schema. */
  readonly version: number;
  readonly latest: number;
  readonly pending: readonly string[];
}

/** The database as it is, without changing it; one that cannot be reached says so in `problem`. */
export async function databaseStatus(url: string): Promise<DatabaseStatus> {
  return (await storePlugin(url)).status(url);
}

/** Brings the schema to this version's. @throws TssError when the database cannot be reached or refuses. */
export async function migrateDatabase(url: string): Promise<DatabaseStatus> {
  const plugin = await storePlugin(url);
  const before = await plugin.status(url);
  if (!before.reachable && before.problem !== "") throw unavailable(before.problem);
  try {
    return await plugin.migrate(url);
  } catch (error) {
    const { name, message } = error as Error;
    if (name === "SchemaError") throw new TssError("FAILED_PRECONDITION", message, { reason: "SCHEMA", cause: error });
    if (name === "StoreUnavailableError") throw unavailable(message, error);
    throw error;
  }
}

const unavailable = (message: string, cause?: unknown) =>
  new TssError("UNAVAILABLE", message, { reason: "STORE_UNAVAILABLE", cause });

async function storePlugin(url: string): Promise<StorePlugin> {
  const extension = BUILD === "release" ? "js" : "ts";
  const module = new URL(`../coordinator/plugins/registry.${extension}`, import.meta.url);
  const { loadStorePlugin } = (await import(module.href)) as { loadStorePlugin(url: string): Promise<StorePlugin> };
  return loadStorePlugin(url);
}
