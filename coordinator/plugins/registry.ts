import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TssError } from "../../proto/errors.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { StorePlugin } from "../ports/store-plugin.ts";

/** Names to plugins. Each is imported when it is asked for, so that nobody loads a driver that is not used. */

/** @param url `postgres://…`, `sqlite:PATH`, or `module:PATH?…` of a third party. */
export async function loadStorePlugin(url: string): Promise<StorePlugin> {
  if (/^postgres(ql)?:/.test(url)) return (await import("./store-postgres/postgres-store.ts")).postgresStore;
  if (url.startsWith("sqlite:")) return (await import("./store-sqlite/sqlite-store.ts")).sqliteStore;
  if (url.startsWith("module:"))
    return loadModule<StorePlugin>(url.slice("module:".length).split("?")[0] as string, "store");
  throw new TssError("INVALID_ARGUMENT", "TSS_DATABASE_URL must begin with postgres://, sqlite: or module:.");
}

/** @param name `database`, `directory:PATH`, or the path of a module that exports `blobs(databaseUrl)`. */
export async function openBlobs(name: string, databaseUrl: string): Promise<Blobs> {
  if (name === "database") return openDatabaseBlobs(databaseUrl);
  if (name.startsWith("directory:"))
    return (await import("./blobs-directory/blobs-directory.ts")).openDirectoryBlobs(name.slice("directory:".length));
  const open = await loadModule<(databaseUrl: string) => Promise<Blobs>>(name, "blobs");
  return open(databaseUrl);
}

async function openDatabaseBlobs(databaseUrl: string): Promise<Blobs> {
  if (databaseUrl.startsWith("sqlite:")) {
    const path = databaseUrl.slice("sqlite:".length);
    return (await import("./blobs-database/blobs-sqlite.ts")).openSqliteBlobs(`${path}-logs`);
  }
  return (await import("./blobs-database/blobs-postgres.ts")).openPostgresBlobs(databaseUrl);
}

async function loadModule<T>(path: string, name: string): Promise<T> {
  const where = resolve(path);
  let module: Record<string, unknown>;
  try {
    module = await import(pathToFileURL(where).href);
  } catch (error) {
    throw new TssError("FAILED_PRECONDITION", `The plugin ${where} cannot be loaded: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const plugin = module["default"] ?? module[name];
  if (plugin === undefined)
    throw new TssError("FAILED_PRECONDITION", `The plugin ${where} exports neither a default nor "${name}".`);
  return plugin as T;
}
