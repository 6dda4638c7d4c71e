import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TssError } from "../../proto/errors.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { StorePlugin } from "../ports/store-plugin.ts";

/** Names to plugins. Each is imported when it is asked for, so that nobody loads a driver that is not used. */

/**
 * @param url `postgres://…`, `sqlite:PATH`, or `module:PATH?…` of a third party, whose module exports a StorePlugin as
 *   `store` or by default and is given the whole url.
 * @throws TssError one sentence: what cannot be loaded and why.
 */
export async function loadStorePlugin(url: string): Promise<StorePlugin> {
  if (/^postgres(ql)?:/.test(url)) return (await import("./store-postgres/postgres-store.ts")).postgresStore;
  if (url.startsWith("sqlite:")) return (await import("./store-sqlite/sqlite-store.ts")).sqliteStore;
  if (!url.startsWith("module:"))
    throw new TssError("INVALID_ARGUMENT", "TSS_DATABASE_URL must begin with postgres://, sqlite: or module:.");
  const [path = ""] = url.slice("module:".length).split("?");
  const plugin = await loadExport(path, "store", "TSS_DATABASE_URL");
  const missing = ["status", "migrate", "open"].filter((name) => !hasMethod(plugin, name));
  if (missing.length > 0)
    throw new TssError(
      "FAILED_PRECONDITION",
      `The store plugin ${resolve(path)} lacks ${missing.join(", ")}: it must export status, migrate and open.`,
    );
  return plugin as StorePlugin;
}

/**
 * @param name `database`, `directory:PATH`, or the path of a module that exports a function from the database's address
 *   to Blobs as `blobs` or by default.
 * @throws TssError one sentence: where output cannot be kept and why.
 */
export async function openBlobs(name: string, databaseUrl: string): Promise<Blobs> {
  try {
    if (name === "database") return await openDatabaseBlobs(databaseUrl);
    if (name.startsWith("directory:")) return await openDirectory(name.slice("directory:".length));
    return await openModuleBlobs(name, databaseUrl);
  } catch (error) {
    if (error instanceof TssError) throw error;
    const { message } = error as Error;
    throw new TssError("FAILED_PRECONDITION", `Output of tasks cannot be kept in "${name}" (TSS_BLOBS): ${message}`, {
      cause: error,
    });
  }
}

async function openDatabaseBlobs(databaseUrl: string): Promise<Blobs> {
  if (databaseUrl.startsWith("sqlite:")) {
    const path = resolve(databaseUrl.slice("sqlite:".length));
    return (await import("./store-sqlite/blobs-sqlite.ts")).openSqliteBlobs(`${path}-logs`);
  }
  if (/^postgres(ql)?:/.test(databaseUrl))
    return (await import("./store-postgres/blobs-postgres.ts")).postgresBlobs(databaseUrl);
  throw new TssError(
    "INVALID_ARGUMENT",
    "This database keeps no output of tasks: set TSS_BLOBS to directory:PATH or to the path of a module.",
  );
}

async function openDirectory(path: string): Promise<Blobs> {
  if (path === "")
    throw new TssError("INVALID_ARGUMENT", "TSS_BLOBS=directory: names no directory: write directory:PATH.");
  return (await import("./blobs-directory/blobs-directory.ts")).openDirectoryBlobs(path);
}

async function openModuleBlobs(path: string, databaseUrl: string): Promise<Blobs> {
  const open = await loadExport(path, "blobs", "TSS_BLOBS");
  if (typeof open !== "function")
    throw new TssError(
      "FAILED_PRECONDITION",
      `The blobs plugin ${resolve(path)} exports no function from the address of a database to blobs.`,
    );
  return open(databaseUrl);
}

/** What a module exports under a name, or by default. */
async function loadExport(path: string, name: string, setting: string): Promise<unknown> {
  const where = resolve(path);
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(where).href);
  } catch (error) {
    const [message] = (error as Error).message.split("\n");
    throw new TssError("FAILED_PRECONDITION", `The plugin ${where} (${setting}) cannot be loaded: ${message}`, {
      cause: error,
    });
  }
  const plugin = module[name] ?? module["default"];
  if (plugin === undefined)
    throw new TssError(
      "FAILED_PRECONDITION",
      `The plugin ${where} (${setting}) exports neither "${name}" nor a default.`,
    );
  return plugin;
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && typeof (value as Record<string, unknown>)[name] === "function";
}
