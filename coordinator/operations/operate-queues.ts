import type { PauseQueueRequest, Queue, ResumeQueueRequest } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import { offerLane, withdrawLane } from "../engine/serving.ts";
import type { EngineState } from "../engine/state.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { Violations } from "../kernel/violations.ts";
import type { QueueRow } from "../ports/catalog-store.ts";
import { describeQueue } from "./describe-queues.ts";

/** Nothing of the queue starts until it is resumed. Pausing a paused queue changes its note. */
export async function pauseQueue(state: EngineState, request: PauseQueueRequest): Promise<Queue> {
  const found = new Violations();
  checkQueueName(found, "name", request.name);
  found.text("note", request.note, LIMITS.pauseNoteBytes);
  found.check();
  const before = state.queues.get(request.name);
  const pausedAt = before?.paused ? before.pausedAt : state.clock.now();
  await save(state, { ...blank(state, request.name), paused: true, pauseNote: request.note, pausedAt });
  for (const lane of state.lanes.values()) if (lane.key.queue === request.name) withdrawLane(state, lane);
  return describeQueue(state, request.name);
}

export async function resumeQueue(state: EngineState, request: ResumeQueueRequest): Promise<Queue> {
  const found = new Violations();
  checkQueueName(found, "name", request.name);
  found.check();
  await save(state, { ...blank(state, request.name), paused: false, pauseNote: "", pausedAt: 0 });
  for (const lane of state.lanes.values()) if (lane.key.queue === request.name) offerLane(state, lane);
  state.wake();
  return describeQueue(state, request.name);
}

function blank(state: EngineState, name: string): QueueRow {
  return state.queues.get(name) ?? { name, paused: false, pauseNote: "", pausedAt: 0, config: "{}" };
}

async function save(state: EngineState, row: QueueRow): Promise<void> {
  await reading(() => state.store.catalog.saveQueue(row));
  state.queues.set(row.name, row);
}
