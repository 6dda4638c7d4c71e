import type { StatsStore } from "../../../coordinator/ports/stats-store.ts";
import type { Store } from "../../../coordinator/ports/store.ts";
import { catalogOf } from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { listTasks } from "./list.ts";
import { findTask, readersOf } from "./read-rows.ts";
import { listSegments, openSegment, pruneGates, pruneLater, reclaimSegment } from "./segments.ts";
import { claimAll, giveBack, join, leave, look, take } from "./shared.ts";
import { findFlush, writeFlush } from "./write-flush.ts";

export interface MemoryStore extends Store {
  readonly shared: NonNullable<Store["shared"]>;
  /** The process is gone, and its sessions with the database are. */
  disconnect(): void;
}

/** The store port over a disk that is shared with the other processes of a simulation. Each call is one moment. */
export function openMemoryStore(disk: Disk, failpoint: (name: string) => void = () => {}): MemoryStore {
  const connection = {};
  const mine = new Set<number>();
  let member = 0;
  let gone = false;
  const readers = readersOf(disk, (shard) => mine.has(shard));
  const disconnect = () => {
    gone = true;
    if (disk.owner?.connection === connection) disk.owner = null;
    const own = disk.members.get(member);
    if (own !== undefined) own.connected = false;
  };
  return {
    kind: "memory",
    catalog: catalogOf(disk),
    stats: {} as StatsStore,
    async claim(owner, takeover, by) {
      const owned = claimAll(disk, connection, owner, takeover, by);
      for (const { shard } of owned) mine.add(shard);
      // What a process has sent may arrive when it is dead; its session with the database is over by then.
      if (gone) disconnect();
      return owned;
    },
    distrust: async (owner, epoch) => disk.distrust(owner, epoch),
    checkOwner: async (owners) => disk.fence(owners),
    async flush(batch) {
      failpoint("flush.begin");
      failpoint("flush.before-commit");
      const result = writeFlush(disk, batch);
      failpoint("flush.after-commit");
      return result;
    },
    resolve: async (batch) => findFlush(disk, batch),
    segments: {
      list: async () => listSegments(disk),
      open: async (owners, from, at) => openSegment(disk, owners, from, at, member),
      reclaim: async (owners, seg, endedBefore, maxMoved) => reclaimSegment(disk, owners, seg, endedBefore, maxMoved),
      pruneLater: async (owners, endedBefore, limit) => pruneLater(disk, owners, endedBefore, limit),
      pruneGates: async (now) => pruneGates(disk, now),
    },
    reads: {
      task: async (ref, segs) => findTask(disk, ref, segs),
      tasks: async (refs) => refs.map(({ segs, ...ref }) => findTask(disk, ref, segs)),
      list: async (query) => listTasks(disk, query),
    },
    recovery: {
      checkpoints: async () => [...disk.checkpoints.values()],
      async writeCheckpoints(checkpoints) {
        disk.fence(checkpoints);
        for (const one of checkpoints) disk.checkpoints.set(one.shard, { ...one });
      },
      flushesAfter: async (...query) => readers.flushesAfter(...query),
      startedAfter: async (...query) => readers.startedAfter(...query),
      delayedAfter: async (...query) => readers.delayedAfter(...query),
      refill: async (...query) => readers.refill(...query),
      due: async (...query) => readers.due(...query),
      expired: async (...query) => readers.expired(...query),
    },
    shared: {
      identity: async () => "memory",
      async join(fields) {
        member = join(disk, fields);
        if (gone) disconnect();
        return member;
      },
      look: async (leaving = false) => look(disk, member, leaving),
      async take(claims, seg) {
        const taken = take(disk, member, claims, seg);
        for (const { shard } of taken) mine.add(shard);
        return taken;
      },
      async giveBack(shards) {
        for (const { shard } of shards) mine.delete(shard);
        giveBack(disk, shards);
      },
      leave: async () => leave(disk, member),
    },
    disconnect,
    close: async () => disconnect(),
  };
}
