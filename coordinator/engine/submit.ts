import { TssError } from "../../proto/errors.ts";
import type { Admission } from "../kernel/admit.ts";
import { committed, orStopped } from "./committed.ts";
import { mark } from "./conclude.ts";
import { Lane } from "./lanes.ts";
import { checkAway } from "./outage.ts";
import type { SubmitOutcome } from "./pending.ts";
import { shardOfKey } from "./place.ts";
import { taking } from "./reading.ts";
import { countServers } from "./serving.ts";
import { type EngineState, isServing, movedError } from "./state.ts";

/** What a waiting submit takes beside its specs: the admission and its part of a batch, in bytes. */
const ADMISSION_BYTES = 400;

export interface SubmitRequest {
  readonly admissions: readonly Admission[];
  readonly submittedBy: string;
  readonly now: number;
  readonly requestId: string;
}

/**
 * Accepts tasks; resolves after their commit, in the order of the request.
 * @throws TssError RESOURCE_EXHAUSTED with retry information when too many bytes wait for the database; UNAVAILABLE when
 *   the database stays away, or the shards of the tasks are another coordinator's by now.
 */
export async function submitTasks(state: EngineState, request: SubmitRequest): Promise<readonly SubmitOutcome[]> {
  if (request.admissions.length === 0) return [];
  checkAway(state);
  const bytes = sizeOf(request.admissions);
  if (state.pending.messageBytes + bytes > state.config.inboxBytes) throw exhausted(state);
  // Counted from here on, so that what waits for a lane's id is bounded too.
  state.pending.messageBytes += bytes;
  let laneIds: number[];
  try {
    laneIds = await findLanes(state, request.admissions);
    await keysFree(state, request.admissions);
    mustPlace(state, request.admissions);
  } catch (error) {
    state.pending.messageBytes -= bytes;
    throw error;
  }
  return orStopped(state, (resolve) => {
    state.pending.messages.push({ ...request, laneIds, bytes, alone: false, resolve });
    mark(state);
  });
}

/**
 * Shards may have left since the request was received here, or its sender may not know yet that they are another's. What is
 * accepted from here on goes with them: they leave only when nothing waits for its place.
 */
function mustPlace(state: EngineState, admissions: readonly Admission[]): void {
  const keys = admissions.flatMap(({ idempotency }) => (idempotency === null ? [] : [idempotency.key]));
  const isPlaceable =
    (keys.length === admissions.length || state.shards.serving.length > 0) &&
    keys.every((key) => isServing(state, shardOfKey(key, state.shards.count)));
  if (state.stopped === null && isPlaceable) return;
  for (const key of keys) state.pending.keys.delete(key);
  throw state.stopped ?? movedError();
}

function sizeOf(admissions: readonly Admission[]): number {
  let bytes = 0;
  for (const admission of admissions) bytes += admission.spec.length + ADMISSION_BYTES;
  return bytes;
}

function exhausted(state: EngineState): TssError {
  const why =
    state.storeProblem === null ? "tasks come in faster than the database takes them" : "the database is away";
  return new TssError("RESOURCE_EXHAUSTED", `Too much waits to be written: ${why}. Try again shortly.`, {
    reason: "INBOX_FULL",
    retryAfterMs: state.storeProblem === null ? 100 : 1_000,
  });
}

/** Lane ids beside the admissions; lanes never seen are interned in one call. */
async function findLanes(state: EngineState, admissions: readonly Admission[]): Promise<number[]> {
  const missing = new Set<string>();
  for (const { laneKey } of admissions) if (!state.laneIds.has(laneKey)) missing.add(laneKey);
  if (missing.size > 0) await internLanes(state, [...missing]);
  return admissions.map(({ laneKey }) => state.laneIds.get(laneKey) as number);
}

async function internLanes(state: EngineState, keys: readonly string[]): Promise<void> {
  const ids = await taking(() => state.store.catalog.internLanes(keys));
  for (const [index, key] of keys.entries()) addLane(state, ids[index] as number, key);
}

export function addLane(state: EngineState, id: number, key: string): Lane {
  const known = state.lanes.get(id);
  if (known !== undefined) return known;
  const lane = new Lane(id, key);
  lane.room = state.rooms.get(lane.key.queue) ?? null;
  state.lanes.set(id, lane);
  state.laneIds.set(key, id);
  countServers(state, lane);
  return lane;
}

/** One flush carries a key once: a second task with it waits for the first one's commit. */
async function keysFree(state: EngineState, admissions: readonly Admission[]): Promise<void> {
  const keys = admissions.flatMap(({ idempotency }) => (idempotency === null ? [] : [idempotency.key]));
  if (keys.length === 0) return;
  if (new Set(keys).size < keys.length)
    throw new TssError("INVALID_ARGUMENT", "Two tasks of one message have the same idempotency key; send them apart.", {
      reason: "KEY_REPEATED",
    });
  while (keys.some((key) => state.pending.keys.has(key))) {
    await committed(state);
  }
  for (const key of keys) state.pending.keys.add(key);
}
