import { create } from "@bufbuild/protobuf";
import {
  type LimitQueueRequest,
  type ListQueuesResponse,
  ListQueuesResponseSchema,
  type PauseQueueRequest,
  type Queue,
  type QueueCounts,
  QueueCountsSchema,
  QueueSchema,
  type ResumeQueueRequest,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import { offerLane, withdrawLane } from "../engine/serving.ts";
import type { EngineState } from "../engine/state.ts";
import { setRoom } from "../engine/throttle.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { readQueueSettings, writeQueueSettings } from "../kernel/queue-settings.ts";
import { toDuration, toTimestamp } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { QueueRow } from "../ports/catalog-store.ts";

/** Every queue that a task or a setting ever named, by name. */
export function listQueues(state: EngineState): ListQueuesResponse {
  const names = new Set(state.queues.keys());
  for (const lane of state.lanes.values()) names.add(lane.key.queue);
  return create(ListQueuesResponseSchema, { queues: [...names].sort().map((name) => describeQueue(state, name)) });
}

export function describeQueue(state: EngineState, name: string): Queue {
  const row = state.queues.get(name);
  const oldest = oldestReady(state, name);
  return create(QueueSchema, {
    name,
    paused: row?.paused ?? false,
    pauseNote: row?.pauseNote ?? "",
    pausedAt: toTimestamp(row?.pausedAt ?? 0),
    counts: countQueue(state, name),
    limit: readQueueSettings(row?.config ?? "{}").limit,
    oldestReadyAge: oldest === null ? undefined : toDuration(Math.max(state.clock.now() - oldest, 0)),
  });
}

/** Tasks by status, from counters; running ones from memory. @param name absent: of all queues. */
export function countQueue(state: EngineState, name?: string): QueueCounts {
  let [submitted, succeeded, failed, cancelled, running] = [0, 0, 0, 0, 0];
  for (const shard of state.shards)
    for (const [queue, totals] of shard.totals) {
      if (name !== undefined && queue !== name) continue;
      submitted += totals.submitted;
      succeeded += totals.succeeded;
      failed += totals.failed;
      cancelled += totals.cancelled;
    }
  for (const item of state.items.values())
    if (item.state === "running" && item.attempt?.committed && (name === undefined || item.lane.key.queue === name))
      running++;
  const waiting = Math.max(submitted - succeeded - failed - cancelled - running, 0);
  return create(QueueCountsSchema, {
    waiting: BigInt(waiting),
    running: BigInt(running),
    succeeded: BigInt(succeeded),
    failed: BigInt(failed),
    cancelled: BigInt(cancelled),
  });
}

function oldestReady(state: EngineState, name: string): number | null {
  let oldest: number | null = null;
  for (const lane of state.lanes.values()) {
    if (lane.key.queue !== name || !lane.hasHead) continue;
    const at = lane.nextCreatedAt();
    if (oldest === null || at < oldest) oldest = at;
  }
  return oldest;
}

/** Nothing of the queue starts until it is resumed. Pausing a paused queue changes its note. */
export async function pauseQueue(state: EngineState, request: PauseQueueRequest): Promise<Queue> {
  const found = new Violations();
  checkQueueName(found, "name", request.name);
  found.text("note", request.note, LIMITS.pauseNoteBytes);
  found.check();
  await change(state, request.name, (row) => {
    const pausedAt = row.paused ? row.pausedAt : state.clock.now();
    return { ...row, paused: true, pauseNote: request.note, pausedAt };
  });
  for (const lane of state.lanes.values()) if (lane.key.queue === request.name) withdrawLane(state, lane);
  return describeQueue(state, request.name);
}

export async function resumeQueue(state: EngineState, request: ResumeQueueRequest): Promise<Queue> {
  const found = new Violations();
  checkQueueName(found, "name", request.name);
  found.check();
  await change(state, request.name, (row) => ({ ...row, paused: false, pauseNote: "", pausedAt: 0 }));
  for (const lane of state.lanes.values()) if (lane.key.queue === request.name) offerLane(state, lane);
  state.wake();
  return describeQueue(state, request.name);
}

/** So many attempts of the queue run at a time from now on; what runs beyond it goes on. */
export async function limitQueue(state: EngineState, { name, limit }: LimitQueueRequest): Promise<Queue> {
  const found = new Violations();
  checkQueueName(found, "name", name);
  found.number("limit", limit, 0, LIMITS.queueLimit);
  found.check();
  await change(state, name, (row) => ({ ...row, config: writeQueueSettings(row.config, { limit }) }));
  setRoom(state, name, limit);
  return describeQueue(state, name);
}

const blank = (name: string): QueueRow => ({ name, paused: false, pauseNote: "", pausedAt: 0, config: "{}" });

/** One after the other: each change is made to what the one before has left. */
function change(state: EngineState, name: string, make: (row: QueueRow) => QueueRow): Promise<void> {
  const changed = state.changingQueue.then(async () => {
    const row = make(state.queues.get(name) ?? blank(name));
    await reading(() => state.store.catalog.saveQueue(row));
    state.queues.set(name, row);
  });
  state.changingQueue = changed.catch(() => {});
  return changed;
}
