import type { Snapshot } from "../runtime/snapshot-metrics.ts";
import type { EngineState } from "./engine/state.ts";
import { DEFAULT_POOL, moodOf } from "./stats/gauges.ts";
import type { Stats } from "./stats/start-stats.ts";

/** The engine as metrics see it: what this coordinator has; Prometheus adds the coordinators up. */
export function takeSnapshot(state: EngineState, stats: Stats): Snapshot {
  const view = stats.ownView();
  const freeSlots = freeSlotsOf(stats.board);
  return {
    queues: view.queues.map(({ queue, states, oldestReadyMs, paused, limit, unserved, slots, slotsUsed }) => ({
      queue,
      states: { ...states },
      oldestReadyAgeMs: oldestReadyMs,
      paused,
      limit,
      blocked: {
        paused: states.paused,
        limit: states.throttled,
        lock: states.blocked,
        no_worker: unserved,
        not_before: states.scheduled,
        back_off: states.retrying,
      },
      slotsUsed: Math.min(slotsUsed, slots),
      slotsFree: freeSlots(queue, slots - slotsUsed),
    })),
    workers: [...state.sessions.values()].map((session) => ({
      pool: session.info.labels["pool"] ?? DEFAULT_POOL,
      state: moodOf(state, session),
      version: session.info.version,
      slotsUsed: session.held.size,
      slotsFree: Math.max(session.info.slots - session.held.size, 0),
      heartbeatAgeMs: state.clock.monotonic() - session.seenAt,
    })),
    streamClients: state.changes.size + stats.board.feed.watchers,
    storeUp: state.storeProblem === null,
    locks: countLocks(state),
  };
}

/** Of several coordinators each sees all slots of a worker, and what it has given itself: one tells what of them is free. */
function freeSlotsOf(board: Stats["board"]): (queue: string, ownFree: number) => number {
  if (board.isAlone) return (_queue, ownFree) => Math.max(ownFree, 0);
  if (!board.isHost) return () => 0;
  const free = new Map(board.view.queues.map(({ queue, slots, slotsUsed }) => [queue, slots - slotsUsed]));
  return (queue) => Math.max(free.get(queue) ?? 0, 0);
}

function countLocks(state: EngineState): Snapshot["locks"] {
  let [holders, waiters] = [0, 0];
  for (const shard of state.shards)
    for (const { lock } of shard.locks.values()) {
      holders += lock.holders.length;
      waiters += lock.waiters.length;
    }
  return { holders, waiters };
}
