import type { StorePlugin } from "../../ports/store-plugin.ts";
import { migrate } from "./migrate.ts";
import { openStore } from "./open-store.ts";
import { readStatus } from "./schema-status.ts";

/** The store on Postgres 14 or newer; addresses are `postgres://user:password@host:port/database`. */
export const postgresStore: StorePlugin = { status: readStatus, migrate, open: openStore };
