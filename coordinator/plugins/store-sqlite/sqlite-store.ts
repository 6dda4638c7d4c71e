import { existsSync } from "node:fs";
import type { Store } from "../../ports/store.ts";
import { StoreUnavailableError } from "../../ports/store-errors.ts";
import type { StorePlugin } from "../../ports/store-plugin.ts";
import { openReader } from "./connection.ts";
import { openStore } from "./open-store.ts";
import { migrateFile } from "./schema/migrate.ts";
import { checkVersion, schemaVersion, statusOf, unreachable } from "./schema/version.ts";
import { sqliteFile } from "./sqlite-file.ts";

/** The embedded store: one SQLite file, nothing else installed. */
export const sqliteStore: StorePlugin = {
  async status(url) {
    try {
      const path = sqliteFile(url);
      return statusOf(path, versionOf(path));
    } catch (error) {
      return unreachable((error as Error).message);
    }
  },
  migrate: async (url) => migrateFile(sqliteFile(url)),
  async open(url, options): Promise<Store> {
    const path = sqliteFile(url);
    checkVersion(path, versionOf(path));
    return openStore(path, options);
  },
};

/** A file that does not exist has no schema; looking does not make it. */
function versionOf(path: string): number {
  if (!existsSync(path)) return 0;
  const connection = openReader(path);
  try {
    return connection.read(() => schemaVersion(connection));
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    throw new StoreUnavailableError(`The database ${path} cannot be read: ${(error as Error).message}`, false, error);
  } finally {
    connection.close();
  }
}
