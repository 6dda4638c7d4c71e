import { TssError } from "../proto/errors.ts";
import { BUILD } from "../runtime/build.ts";

/**
 * The one place where the command line meets the coordinator's own code: `tss db` and `tss doctor` look at a database,
 * and at Redis, while no coordinator runs.
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
  const { loadStorePlugin } = (await load("registry")) as { loadStorePlugin(url: string): Promise<StorePlugin> };
  return loadStorePlugin(url);
}

/** A Redis server as it is; `problem` is one sentence, undefined when it can be used. */
export async function redisStatus(url: string): Promise<{ readonly where: string; readonly problem?: string }> {
  const { lookAtRedis } = (await load("leases-redis/look-at-redis")) as { lookAtRedis: typeof redisStatus };
  return lookAtRedis(url);
}

async function load(plugin: string): Promise<unknown> {
  const extension = BUILD === "release" ? "js" : "ts";
  return import(new URL(`../coordinator/plugins/${plugin}.${extension}`, import.meta.url).href);
}
