import pg from "pg";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import type { StoreOptions } from "../../coordinator/ports/store-plugin.ts";
import { freshDatabase } from "../support/database.ts";

/** A database with stores on it and a session beside them that holds locks and looks on. */
export interface Lab {
  readonly url: string;
  readonly beside: pg.Client;
  open(options?: Partial<StoreOptions> & { readonly url?: string }): Promise<Store>;
  /** Waits until a session of that name waits for a lock; gives its process id. */
  untilWaiting(applicationName: string, otherThan?: number): Promise<number>;
}

/** Runs a test's body on a database of its own and closes everything after it. */
export function inLab(body: (lab: Lab) => Promise<void>): () => Promise<void> {
  return async () => {
    const url = await freshDatabase();
    const beside = new pg.Client({ connectionString: url, application_name: "beside" });
    await beside.connect();
    const watcher = new pg.Client({ connectionString: url, application_name: "watcher" });
    await watcher.connect();
    const stores: Store[] = [];
    const lab: Lab = {
      url,
      beside,
      async open(options = {}) {
        const store = await postgresStore.open(options.url ?? url, {
          readConnections: 2,
          failpoint: () => {},
          ...options,
        });
        stores.push(store);
        return store;
      },
      async untilWaiting(name, otherThan = 0) {
        const sql = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND starts_with(application_name, $1) AND pid <> $2`;
        for (let turn = 0; turn < 10_000; turn++) {
          const found = await watcher.query(sql, [name, otherThan]);
          if (found.rowCount) return found.rows[0].pid;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        throw new Error(`no session of ${name} waits`);
      },
    };
    try {
      await body(lab);
    } finally {
      await beside.end();
      await Promise.all(stores.map((store) => store.close()));
      await watcher.end();
    }
  };
}

/** Gives what a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it was not rejected");
    },
    (error: unknown) => error,
  );
}
