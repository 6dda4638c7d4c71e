import { TssError } from "../proto/errors.ts";
import { BUILD } from "../runtime/build.ts";

/**
 * The one place where the command line meets the coordinator's own code: `tss db` and `tss doctor` look at a database
 * while no coordinator runs.
 */
interface StorePlugin {
  status(url: string): Promise<DatabaseStatus>;
  migrate(url: string): Promise<DatabaseStatus>;
  open(url: string, options: { readConnections: number; failpoint: () => void }): Promise<Store>;
}

interface Store {
  claim(owner: string, takeover: boolean, by: number): Promise<readonly { readonly epoch: number }[]>;
  close(): Promise<void>;
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
    throw told(error);
  }
}

/**
 * Raises every epoch beyond what was given out after the backup that the database was set back from.
 * @returns the newest epoch now. @throws TssError FAILED_PRECONDITION a coordinator runs on it.
 */
export async function raiseEpochs(url: string, by: number): Promise<number> {
  try {
    const store = await (await storePlugin(url)).open(url, { readConnections: 1, failpoint: () => {} });
    try {
      const owned = await store.claim("tss db restored", false, by);
      return Math.max(...owned.map(({ epoch }) => epoch));
    } finally {
      await store.close();
    }
  } catch (error) {
    throw told(error);
  }
}

function told(error: unknown): unknown {
  const { name, message } = error as Error;
  if (name === "SchemaError") return new TssError("FAILED_PRECONDITION", message, { reason: "SCHEMA", cause: error });
  if (name === "StoreUnavailableError") return unavailable(message, error);
  if (name !== "OwnedError") return error;
  const { owner } = error as Error & { owner: string };
  const sentence = `A coordinator runs on this database (${owner}): stop every one before its tokens are raised.`;
  return new TssError("FAILED_PRECONDITION", sentence, { reason: "OWNED", cause: error });
}

const unavailable = (message: string, cause?: unknown) =>
  new TssError("UNAVAILABLE", message, { reason: "STORE_UNAVAILABLE", cause });

async function storePlugin(url: string): Promise<StorePlugin> {
  const extension = BUILD === "release" ? "js" : "ts";
  const module = new URL(`../coordinator/plugins/registry.${extension}`, import.meta.url);
  const { loadStorePlugin } = (await import(module.href)) as { loadStorePlugin(url: string): Promise<StorePlugin> };
  return loadStorePlugin(url);
}
