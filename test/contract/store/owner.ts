import { numberInEpoch, type TaskRef } from "../../../coordinator/kernel/task-ref.ts";
import type { StoredTask, TaskRow } from "../../../coordinator/ports/rows.ts";
import type {
  FlushBatch,
  FlushResult,
  FlushShard,
  OwnedShard,
  Segment,
  Store,
} from "../../../coordinator/ports/store.ts";
import type { StoreOptions } from "../../../coordinator/ports/store-plugin.ts";
import { type FreshDatabase, type OpenFresh, onFresh } from "./fresh.ts";
import { T0, taskRow } from "./rows.ts";

/** An owner of every shard with one open segment, as the engine is after its start. */
export interface Owner {
  readonly store: Store;
  readonly shards: readonly OwnedShard[];
  /** The open segment. */
  seg: number;
  /** The next number of the epoch, for seq, token and ord. */
  next(shard?: number): number;
  /** A task of the open segment with the next seq of its shard. */
  task(fields?: Partial<TaskRow>): TaskRow;
  /** A whole batch from parts; each shard of its rows gets the next flush number. */
  batch(parts?: Partial<FlushBatch>): FlushBatch;
  flush(parts?: Partial<FlushBatch>): Promise<FlushResult>;
  /** Opens the next segment; numbers made from now on belong to it. */
  openSegment(at?: number): Promise<Segment>;
  /** The task as its segments tell it: the ring and 0. */
  stored(ref: TaskRef): Promise<StoredTask | null>;
}

export async function claimAll(store: Store, takeover = false): Promise<Owner> {
  return ownerOf(store, await store.claim("host-a pid 1 127.0.0.1:7400", takeover));
}

/** @param seg the open segment; 0: none is open yet. */
export function ownerOf(store: Store, shards: readonly OwnedShard[], seg = 0): Owner {
  const epochs = new Map(shards.map((owned) => [owned.shard, owned.epoch]));
  const flushNos = new Map<number, number>();
  let counter = 0;

  const owner: Owner = {
    store,
    shards,
    seg,
    next: (shard = 0) => numberInEpoch(epochs.get(shard) ?? 0, ++counter),
    task: (fields = {}) => taskRow({ seg: owner.seg, seq: owner.next(fields.shard), ...fields }),
    batch(parts = {}) {
      const touched = new Set<number>();
      for (const row of [
        ...(parts.tasks ?? []),
        ...(parts.events ?? []),
        ...(parts.ends ?? []),
        ...(parts.moves ?? []),
      ])
        touched.add(row.shard);
      if (touched.size === 0) touched.add(0);
      const flushShards: FlushShard[] = [...touched].map((shard) => {
        const flushNo = (flushNos.get(shard) ?? 0) + 1;
        flushNos.set(shard, flushNo);
        return { shard, epoch: epochs.get(shard) ?? 0, flushNo, body: Uint8Array.of(shard, flushNo) };
      });
      return {
        at: T0,
        seg: owner.seg,
        shards: flushShards,
        requests: [],
        keys: [],
        tasks: [],
        taskKeys: (parts.tasks ?? []).map(() => -1),
        events: [],
        ends: [],
        moves: [],
        sessions: [],
        ...parts,
      };
    },
    flush: (parts) => store.flush(owner.batch(parts)),
    async openSegment(at = T0) {
      const from = shards.map(({ shard }) => ({ shard, fromSeq: owner.next(shard) }));
      const segment = await store.segments.open(shards, from, at);
      owner.seg = segment.seg;
      return segment;
    },
    async stored(ref) {
      const segs = (await store.segments.list()).map((segment) => segment.seg);
      return store.reads.task(ref, [...segs, 0]);
    },
  };
  return owner;
}

export async function startOwner(fresh: FreshDatabase, options?: Partial<StoreOptions>): Promise<Owner> {
  const owner = await claimAll(await fresh.open(options));
  await owner.openSegment();
  return owner;
}

/** Runs a test's body as the owner of a fresh database. */
export function asOwner(
  openFresh: OpenFresh,
  body: (owner: Owner, fresh: FreshDatabase) => Promise<void>,
): () => Promise<void> {
  return onFresh(openFresh, async (fresh) => body(await startOwner(fresh), fresh));
}
