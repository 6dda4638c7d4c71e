import type {
  LimitQueueRequest,
  PauseQueueRequest,
  Queue,
  ResumeQueueRequest,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import { offerLane, withdrawLane } from "../engine/serving.ts";
import type { EngineState } from "../engine/state.ts";
import { setRoom } from "../engine/throttle.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { writeQueueSettings } from "../kernel/queue-settings.ts";
import { Violations } from "../kernel/violations.ts";
import type { QueueRow } from "../ports/catalog-store.ts";
import { describeQueue } from "./describe-queues.ts";

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
    const row = make((await newest(state, name)) ?? blank(name));
    await reading(() => state.store.catalog.saveQueue(row));
    state.queues.set(name, row);
  });
  state.changingQueue = changed.catch(() => {});
  return changed;
}

/** Another coordinator may have changed it a moment ago. */
async function newest(state: EngineState, name: string): Promise<QueueRow | undefined> {
  if (!state.shared) return state.queues.get(name);
  const rows = await reading(() => state.store.catalog.queues());
  return rows.find((row) => row.name === name);
}
