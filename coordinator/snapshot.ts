import type { Snapshot } from "../runtime/snapshot-metrics.ts";
import type { EngineState } from "./engine/state.ts";
import { countQueue, listQueues } from "./operations/operate-queues.ts";

/** The engine as metrics see it: from counters and memory, never from a scan. */
export function takeSnapshot(state: EngineState): Snapshot {
  return {
    queues: listQueues(state).queues.map((queue) => {
      const counts = countQueue(state, queue.name);
      const resting = [...state.items.values()].filter(
        (item) => item.state === "resting" && item.lane.key.queue === queue.name,
      );
      const retrying = resting.filter((item) => item.retrying).length;
      const age = queue.oldestReadyAge;
      return {
        queue: queue.name,
        states: {
          waiting: Math.max(Number(counts.waiting) - resting.length, 0),
          retrying,
          scheduled: resting.length - retrying,
          running: Number(counts.running),
        },
        oldestReadyAgeMs: age === undefined ? undefined : Number(age.seconds) * 1_000 + age.nanos / 1e6,
        paused: queue.paused,
        limit: queue.limit,
      };
    }),
    workers: [...state.sessions.values()].map((session) => ({
      pool: session.info.labels["pool"] ?? "default",
      state: session.stream === null ? "disconnected" : session.draining ? "draining" : "active",
      version: session.info.version,
      slotsUsed: session.held.size,
      slotsFree: Math.max(session.info.slots - session.held.size, 0),
      heartbeatAgeMs: state.clock.monotonic() - session.seenAt,
    })),
    streamClients: state.changes.size,
  };
}
