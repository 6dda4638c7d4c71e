import type { Store } from "../../../coordinator/ports/store.ts";
import type { StoreOptions, StorePlugin } from "../../../coordinator/ports/store-plugin.ts";

/** A database of one test. */
export interface FreshDatabase {
  readonly url: string;
  readonly plugin: StorePlugin;
  /** Opens a store on it; each call gives another one, as another process would. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
  /** Makes the schema look like that of another version of TSS. */
  setSchemaVersion(version: number): Promise<void>;
  /** Closes what was opened and removes the database. */
  close(): Promise<void>;
}

/** @param options migrated false: the database is empty, as `tss db init` finds it. */
export type OpenFresh = (options?: { readonly migrated?: boolean }) => Promise<FreshDatabase>;

/** Runs a test's body on a database of its own. */
export function onFresh(openFresh: OpenFresh, body: (fresh: FreshDatabase) => Promise<void>): () => Promise<void> {
  return async () => {
    const fresh = await openFresh();
    try {
      await body(fresh);
    } finally {
      await fresh.close();
    }
  };
}
