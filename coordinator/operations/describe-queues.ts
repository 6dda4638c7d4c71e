import { create } from "@bufbuild/protobuf";
import {
  type ListQueuesResponse,
  ListQueuesResponseSchema,
  type Queue,
  type QueueCounts,
  QueueCountsSchema,
  QueueSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { QueueTotals } from "../engine/shard.ts";
import type { EngineState } from "../engine/state.ts";
import { toDuration, toTimestamp } from "../kernel/time.ts";
import { encodeQueue } from "../stats/encode.ts";
import { type QueueGauge, readQueues } from "../stats/gauges.ts";
import { keyOf } from "../stats/key.ts";
import type { Stats } from "../stats/start-stats.ts";

/** Every queue that a task or a setting ever named, by name. @param stats absent: without its numbers. */
export function listQueues(state: EngineState, stats?: Stats): ListQueuesResponse {
  const gauges = readQueues(state);
  const totals = totalsByQueue(state);
  stats?.sampler.refresh();
  const views = new Map(stats?.board.view.queues.map((view) => [view.queue, view]));
  const queues = [...gauges.keys()].sort().map((name) => {
    const queue = describe(state, name, gauges.get(name), totals.get(name));
    const view = views.get(name);
    if (view !== undefined) queue.stats = encodeQueue(view, stats?.board.tracks.find(keyOf(name, null))?.spark ?? []);
    return queue;
  });
  return create(ListQueuesResponseSchema, { queues });
}

export function describeQueue(state: EngineState, name: string): Queue {
  return describe(state, name, readQueues(state).get(name), totalsByQueue(state).get(name));
}

function describe(state: EngineState, name: string, gauge: QueueGauge | undefined, totals = NOTHING): Queue {
  const row = state.queues.get(name);
  const since = gauge?.readySince ?? 0;
  return create(QueueSchema, {
    name,
    paused: row?.paused ?? false,
    pauseNote: row?.pauseNote ?? "",
    pausedAt: toTimestamp(row?.pausedAt ?? 0),
    counts: encodeCounts(totals, gauge?.running ?? 0),
    limit: state.rooms.get(name)?.limit ?? 0,
    oldestReadyAge: since === 0 ? undefined : toDuration(Math.max(state.clock.now() - since, 0)),
  });
}

/** Tasks of all queues by status, from counters; running ones from memory. */
export function countTasks(state: EngineState): QueueCounts {
  const sum = { ...NOTHING };
  for (const totals of totalsByQueue(state).values()) add(sum, totals);
  let running = 0;
  for (const item of state.items.values()) if (item.state === "running" && item.attempt?.committed) running++;
  return encodeCounts(sum, running);
}

const NOTHING: QueueTotals = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0 };

function totalsByQueue(state: EngineState): Map<string, QueueTotals> {
  const byQueue = new Map<string, QueueTotals>();
  for (const shard of state.shards)
    for (const [queue, totals] of shard.totals) {
      const sum = byQueue.get(queue);
      if (sum === undefined) byQueue.set(queue, { ...totals });
      else add(sum, totals);
    }
  return byQueue;
}

function add(sum: QueueTotals, by: QueueTotals): void {
  sum.submitted += by.submitted;
  sum.succeeded += by.succeeded;
  sum.failed += by.failed;
  sum.cancelled += by.cancelled;
}

function encodeCounts({ submitted, succeeded, failed, cancelled }: QueueTotals, running: number): QueueCounts {
  return create(QueueCountsSchema, {
    waiting: BigInt(Math.max(submitted - succeeded - failed - cancelled - running, 0)),
    running: BigInt(running),
    succeeded: BigInt(succeeded),
    failed: BigInt(failed),
    cancelled: BigInt(cancelled),
  });
}
