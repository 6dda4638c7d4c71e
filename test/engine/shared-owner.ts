import { afterEach } from "@jest/globals";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import type { SharedStore } from "../../coordinator/ports/shared-store.ts";
import { type EngineHouse, startEngine } from "../support/engine-house.ts";
import { type HeldStore, heldStore } from "../support/held-store.ts";

export interface Owner extends EngineHouse {
  readonly store: HeldStore;
  readonly shared: SharedStore;
  readonly member: number;
  /** Takes shards from whoever is seen to own them. */
  take(shards: readonly number[]): Promise<void>;
}

const opened: Owner[] = [];
afterEach(async () => {
  for (const owner of opened.splice(0).reverse()) await owner.close();
});

/** The engine of one of several owners of a database; closed after the test. */
export async function join(url: string, name: string, config: Parameters<typeof startEngine>[1] = {}): Promise<Owner> {
  const store = heldStore(await postgresStore.open(url, { readConnections: 2, failpoint: () => {} }));
  const shared = store.shared!;
  const member = await shared.join({ name, address: name, version: "5" });
  const house = await startEngine(store, { leaseTtlMs: 10_000, ...config }, false, undefined, undefined, true);
  const owner = {
    ...house,
    store,
    shared,
    member,
    async take(shards: readonly number[]) {
      const view = await shared.look();
      await house.engine.openSegment();
      const claims = shards.map((shard) => ({ shard, from: view.shards[shard]!.member }));
      await house.engine.adopt(await shared.take(claims, house.engine.state.segments.open.seg));
    },
  };
  opened.push(owner);
  return owner;
}
