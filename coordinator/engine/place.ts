import { createHash } from "node:crypto";
import type { Admission } from "../kernel/admit.ts";
import type { TaskHead, TaskRow } from "../ports/rows.ts";
import type { Batch, PlacedMessage } from "./batch.ts";
import { noteExpiry } from "./expiry.ts";
import { appendHead, insertHead, takeInHand } from "./fill.ts";
import { encodeRequestAnswer, encodeTaskAnswer } from "./gate-answers.ts";
import { headOf } from "./item.ts";
import type { Lane } from "./lanes.ts";
import type { SubmitMessage } from "./pending.ts";
import { rest } from "./rest.ts";
import { LATER } from "./segments.ts";
import type { Shard } from "./shard.ts";
import { type EngineState, isFar, isOwned, shardAt } from "./state.ts";

/** Tasks and time after which un-keyed submits go to the next shard: long enough that a flush touches few. */
const PLACING_TASKS = 8_192;
const PLACING_MS = 1_000;

/**
 * Gives each task of a message its place and puts it where it will be found: at the end of its lane, in the wheel, or (with
 * an idempotency key) aside until its commit. Called only while a flush is made, so that what is placed is in that flush.
 */
export function placeMessage(state: EngineState, batch: Batch, message: SubmitMessage): void {
  const shard = currentShard(state, message.admissions.length);
  const placed: PlacedMessage = { message, refs: new Array(message.admissions.length), keyIndex: [] };
  const runs: [lane: number, count: number][] = [];
  let firstSeq = 0;
  // First the tasks without a key: theirs are consecutive numbers of one shard, which is what the request's gate remembers.
  for (const [index, admission] of message.admissions.entries()) {
    placed.keyIndex.push(-1);
    if (admission.idempotency !== null) continue;
    const laneId = message.laneIds[index] as number;
    const head = placeTask(state, batch, placed, index, shard);
    if (firstSeq === 0) firstSeq = head.seq;
    const run = runs.at(-1);
    if (run !== undefined && run[0] === laneId) run[1]++;
    else runs.push([laneId, 1]);
  }
  for (const [index, admission] of message.admissions.entries()) {
    if (admission.idempotency === null) continue;
    const { key, hash, ttlMs } = admission.idempotency;
    placed.keyIndex[index] = batch.keys.length;
    const head = placeTask(state, batch, placed, index, shardOfKey(key, state.shards.count));
    batch.keys.push({ key: `k:${key}`, hash, answer: encodeTaskAnswer(head), expiresAt: message.now + ttlMs });
  }
  if (message.requestId !== "" && firstSeq > 0)
    batch.requests.push({
      key: `r:${message.requestId}`,
      hash: new Uint8Array(),
      answer: encodeRequestAnswer({ shard, firstSeq, runs }),
      expiresAt: message.now + 86_400_000,
    });
  batch.messages.push(placed);
}

function placeTask(state: EngineState, batch: Batch, placed: PlacedMessage, index: number, shard: number): TaskHead {
  const { message } = placed;
  const admission = message.admissions[index] as Admission;
  const laneId = message.laneIds[index] as number;
  const row = makeRow(state, admission, message, shard, laneId);
  // The row is the head that its lane keeps, too, unless it would keep labels in memory for nothing.
  const head = row.labels.length === 0 ? row : headOf(row);
  const keyIndex = placed.keyIndex[index] as number;
  placed.refs[index] = head;
  batch.tasks.push(row);
  batch.taskKeys.push(keyIndex);
  settle(state, batch, state.lanes.get(laneId) as Lane, head, keyIndex >= 0);
  return head;
}

function settle(state: EngineState, batch: Batch, lane: Lane, head: TaskHead, keyed: boolean): void {
  if (head.expiresAt > 0) noteExpiry(state, head.expiresAt);
  if (keyed || (batch.heldWindows.size > 0 && batch.heldWindows.has(windowKey(head)))) {
    // Later tasks of the same lane and shard wait too: a lane is served in the order of its numbers.
    batch.heldWindows.add(windowKey(head));
    takeInHand(state, head, lane, "gated");
    batch.held.push({ head, lane });
    return;
  }
  admitHead(state, lane, head);
}

function windowKey({ lane, shard }: TaskHead): string {
  return `${lane}.${shard}`;
}

/**
 * The flush that a task waited for is committed: it takes its place now. What was read back meanwhile has left it out, as
 * it was in hand; so where the reading has passed its place, it is put there.
 */
export function admitCommitted(state: EngineState, lane: Lane, head: TaskHead): void {
  if (head.seg === LATER) return;
  const window = lane.window(head.shard);
  window.takenAhead.delete(head.seq);
  window.lastCommitted = Math.max(window.lastCommitted, head.seq);
  if (window.paged && head.seq <= window.readCursor && head.runAt === 0) insertHead(state, lane, head);
  else admitHead(state, lane, head);
}

/** A task whose gate is open, or that has none. */
function admitHead(state: EngineState, lane: Lane, head: TaskHead): void {
  if (head.seg === LATER) return;
  if (head.runAt > 0) {
    const window = lane.window(head.shard);
    window.lastAssigned = Math.max(window.lastAssigned, head.seq);
    rest(state, head, lane, head.runAt);
  } else appendHead(state, lane, head);
}

function makeRow(
  state: EngineState,
  admission: Admission,
  { now, submittedBy }: SubmitMessage,
  shard: number,
  lane: number,
): TaskRow {
  const seq = shardAt(state, shard).nextSeq();
  const far = admission.runAt > 0 && isFar(state, admission.runAt);
  return {
    shard,
    lane,
    seq,
    seg: far ? LATER : state.segments.open.seg,
    createdAt: now,
    runAt: admission.runAt,
    expiresAt: admission.expiresAt,
    timeoutMs: admission.timeoutMs,
    maxAttempts: admission.maxAttempts,
    spec: admission.spec,
    name: admission.name,
    type: admission.type,
    labels: admission.labels,
    submittedBy,
    retryOf: admission.retryOf,
  };
}

function currentShard(state: EngineState, tasks: number): number {
  const { placing, clock } = state;
  const now = clock.monotonic();
  if (placing.left <= 0 || now > placing.until || !isOwned(state, placing.shard)) {
    // What was accepted before the last shard was to leave is placed in one that leaves: it goes with it.
    const { serving } = state.shards;
    const choice = serving.length > 0 ? serving : [...state.shards];
    placing.shard = (choice.find(({ shard }) => shard > placing.shard) ?? (choice[0] as Shard)).shard;
    placing.left = PLACING_TASKS;
    placing.until = now + PLACING_MS;
  }
  placing.left -= tasks;
  return placing.shard;
}

/** For ever: the shard of a key must not change with versions. */
export function shardOfKey(key: string, shards: number): number {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % shards;
}
