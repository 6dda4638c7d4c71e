import type { OwnedShard, Store } from "../../ports/store.ts";
import { FencedError, OwnedError, SchemaError } from "../../ports/store-errors.ts";
import type { StoreOptions } from "../../ports/store-plugin.ts";
import { makeCatalog } from "./catalog.ts";
import { claimShards, retakeOwnerLock } from "./claim.ts";
import { targetOf } from "./connection-url.ts";
import { distrust } from "./distrust.ts";
import { makeFlush } from "./flush.ts";
import { FlushConnection } from "./flush-connection.ts";
import { GateSlots } from "./gate-slots.ts";
import { HeldShards } from "./held-shards.ts";
import { LatestExpiries } from "./latest-expiries.ts";
import { Leaves } from "./leaves.ts";
import { OwnerSession } from "./owner-session.ts";
import { ReadPool } from "./read-pool.ts";
import { makeReads } from "./reads.ts";
import { makeRecovery } from "./recovery.ts";
import { makeResolve } from "./resolve.ts";
import { requireSameSchema, requireSchema } from "./schema-status.ts";
import { makeSegments } from "./segments.ts";
import { SessionUses } from "./session-uses.ts";
import { makeShared } from "./shared.ts";
import { makeStats } from "./stats.ts";
import { storeError } from "./store-error.ts";

/** Opens the store: one connection for flushes, one for ownership and upkeep, a pool for everything else. */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  await requireSchema(url);
  const at = targetOf(url);
  const pool = new ReadPool(url, options.readConnections, at);
  const leaves = new Leaves(pool);
  const connection = new FlushConnection(url);
  const slots = new GateSlots();
  const uses = new SessionUses();
  const expiries = new LatestExpiries(pool, leaves);
  const held = new HeldShards();
  let closed: Promise<void> | undefined;
  const session = new OwnerSession(url);

  const loadSlots = async () => slots.load((await connection.get()).client);
  const segments = makeSegments(
    session,
    pool,
    at,
    {
      renewed(seg) {
        uses.clear();
        expiries.forget(seg);
        expiries.forget(0);
      },
      gatesPruned: async () => {
        if (held.any) await loadSlots();
      },
    },
    () => shared.member(),
  );
  const begun = async (owned: readonly OwnedShard[]) => {
    held.add(owned);
    expiries.begin();
    uses.clear();
    await loadSlots();
  };
  const shared = makeShared(session, at, { taken: begun, givenBack: (shards) => held.remove(shards) });
  const write = makeFlush({ connection, slots, uses, at, failpoint: options.failpoint });

  return {
    kind: "postgres",
    catalog: makeCatalog(pool, leaves),
    stats: makeStats(pool),
    segments,
    reads: makeReads(pool, leaves),
    recovery: makeRecovery(pool, leaves, expiries, held),
    async claim(owner, takeover, by) {
      try {
        const owned = await session.run(async (client) => {
          await requireSameSchema(client, at);
          return claimShards(client, owner, takeover, by);
        });
        session.keep((client) => retakeOwnerLock(client, owned));
        await begun(owned);
        return owned;
      } catch (error) {
        throw error instanceof OwnedError || error instanceof SchemaError ? error : storeError(error, at, false);
      }
    },
    shared,
    distrust: (owner, epoch) => distrust(pool, owner, epoch),
    async checkOwner(owners) {
      const [row] = await pool.rows({ name: "check_owner", ...holding(owners) });
      if (!row.held) throw new FencedError();
    },
    flush(batch) {
      expiries.note(batch);
      return write(batch);
    },
    resolve: makeResolve(connection, at),
    close() {
      closed ??= Promise.all([connection.close(), session.close(), pool.close()]).then(() => {});
      return closed;
    },
  };
}

/** Whether every one of these epochs is the newest of its shard. */
function holding(owned: readonly OwnedShard[]) {
  return {
    text: `SELECT count(*) = cardinality($1::smallint[]) AS held FROM unnest($1::smallint[], $2::bigint[]) u(shard, epoch)
      JOIN tss_shard s ON s.shard = u.shard AND s.epoch = u.epoch`,
    values: [owned.map((one) => one.shard), owned.map((one) => one.epoch)],
  };
}
