import type { Snapshot } from "../runtime/snapshot-metrics.ts";
import type { EngineState } from "./engine/state.ts";
import { DEFAULT_POOL, moodOf } from "./stats/gauges.ts";
import type { Sampler } from "./stats/sampler.ts";

/** The engine as metrics see it: the view that the sampler made last, and the sessions. */
export function takeSnapshot(state: EngineState, sampler: Sampler): Snapshot {
  const { view } = sampler;
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
      slotsFree: Math.max(slots - slotsUsed, 0),
    })),
    workers: [...state.sessions.values()].map((session) => ({
      pool: session.info.labels["pool"] ?? DEFAULT_POOL,
      state: moodOf(state, session),
      version: session.info.version,
      slotsUsed: session.held.size,
      slotsFree: Math.max(session.info.slots - session.held.size, 0),
      heartbeatAgeMs: state.clock.monotonic() - session.seenAt,
    })),
    streamClients: state.changes.size + sampler.feed.watchers,
    storeUp: state.storeProblem === null,
    locks: countLocks(state),
  };
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
