import type { Store } from "./store.ts";

/** What a store plugin exports: how its database is made, checked and opened. */
export interface StorePlugin {
  /** The database as it is; never throws for a database that cannot be reached, but says so. */
  status(url: string): Promise<SchemaStatus>;
  /** Brings the schema to the newest version, making the database's objects when there are none. Safe twice, and by two at once. */
  migrate(url: string): Promise<SchemaStatus>;
  /**
   * @throws SchemaError when the schema is missing, or older or newer than this version.
   * @throws StoreUnavailableError when the database cannot be reached; its message names host, port, database and user,
   *   never the password.
   */
  open(url: string, options: StoreOptions): Promise<Store>;
}

export interface StoreOptions {
  readonly readConnections: number;
  /** Called at named places of the flush: `flush.begin`, `flush.before-commit`, `flush.after-commit`. */
  readonly failpoint: (name: string) => void;
}

export interface SchemaStatus {
  readonly reachable: boolean;
  /** One sentence when something is wrong: what, where, what to do; "" otherwise. */
  readonly problem: string;
  /** 0: no schema. */
  readonly version: number;
  /** Newest version this program knows. */
  readonly latest: number;
  /** Names of migrations not yet run. */
  readonly pending: readonly string[];
}
