import type { EngineConfig } from "../../coordinator/engine/state.ts";
import { refKey } from "../../coordinator/kernel/task-ref.ts";
import type { Disk } from "./store/disk.ts";
import { LATER } from "./store/disk.ts";
import type { MemoryStore } from "./store/memory-store.ts";
import type { World } from "./world.ts";

/** What is wrong with a coordinator or its store. */
export interface Bug {
  spoil?(store: MemoryStore, disk: Disk, world: World): MemoryStore;
  config?(config: EngineConfig): Partial<EngineConfig>;
}

/** Bugs that the simulation must find: what it is worth is shown by these. */
export const BUGS: Readonly<Record<string, Bug>> = {
  "an epoch is not checked": {
    spoil: (store, disk) => ({
      ...store,
      checkOwner: async () => {},
      flush: (batch) => {
        const shards = batch.shards.map((one) => ({ ...one, epoch: disk.shards[one.shard]?.epoch ?? 0 }));
        return store.flush({ ...batch, shards });
      },
    }),
  },
  "a commit is answered before it is made": {
    spoil: (store, _disk, world) => {
      let gone = false;
      return {
        ...store,
        async flush(batch) {
          world.after(30, "a commit is made late", () => void (gone || store.flush(batch).catch(() => {})));
          return { keys: batch.keys.map(() => null), lostEnds: [] };
        },
        disconnect() {
          gone = true;
          store.disconnect();
        },
      };
    },
  },
  "requests are not remembered": {
    spoil: (store) => ({ ...store, flush: (batch) => store.flush({ ...batch, requests: [] }) }),
  },
  "idempotency keys are not remembered": {
    spoil: (store, disk) => ({
      ...store,
      async flush(batch) {
        const result = await store.flush(batch);
        for (const key of disk.gates.keys()) if (key.startsWith("k:")) disk.gates.delete(key);
        return result;
      },
    }),
  },
  "a commit in doubt is taken for lost": { spoil: (store) => ({ ...store, resolve: async () => null }) },
  "a commit in doubt is taken for made": {
    spoil: (store) => ({
      ...store,
      resolve: async ({ keys }) => ({ keys: keys.map(() => null), lostEnds: [] }),
    }),
  },
  "leases are not written": {
    spoil: (store) => ({
      ...store,
      flush: (batch) => store.flush({ ...batch, events: batch.events.filter(({ kind }) => kind !== 1) }),
    }),
  },
  "a recovery forgets what runs": {
    spoil: (store) => ({ ...store, recovery: { ...store.recovery, startedAfter: async () => [] } }),
  },
  "a recovery misses the newest flush": {
    spoil: (store) => ({
      ...store,
      recovery: {
        ...store.recovery,
        flushesAfter: async (...query) => (await store.recovery.flushesAfter(...query)).slice(0, -1),
      },
    }),
  },
  "a checkpoint says more than it covers": {
    spoil: (store) => ({
      ...store,
      recovery: {
        ...store.recovery,
        writeCheckpoints: (rows) =>
          store.recovery.writeCheckpoints(rows.map((row) => ({ ...row, flushNo: row.flushNo + 1 }))),
      },
    }),
  },
  "a refill skips a task": {
    spoil: (store) => ({
      ...store,
      recovery: {
        ...store.recovery,
        refill: async (...query) => (await store.recovery.refill(...query)).slice(1),
      },
    }),
  },
  "due tasks are looked for too late": {
    spoil: (store) => ({
      ...store,
      recovery: { ...store.recovery, due: (from, ...query) => store.recovery.due(from + 400, ...query) },
    }),
  },
  "reclaiming a segment loses a task": {
    spoil: (store, disk) => ({
      ...store,
      segments: {
        ...store.segments,
        async reclaim(...query) {
          const result = await store.segments.reclaim(...query);
          const lost = result.outcome === "reclaimed" ? result.moved[0] : undefined;
          if (lost !== undefined) disk.segments.get(LATER)?.tasks.delete(refKey(lost));
          return result;
        },
      },
    }),
  },
  "a worker is given up too early": { config: ({ leaseTtlMs }) => ({ leaseTtlMs: leaseTtlMs / 4 }) },
};
