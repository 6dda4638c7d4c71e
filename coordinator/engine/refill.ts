import type { TaskHead } from "../ports/rows.ts";
import { addMemory, dropMemory } from "./fill.ts";
import type { Lane } from "./lanes.ts";
import { rest } from "./rest.ts";
import { LATER } from "./segments.ts";
import { offerLane } from "./serving.ts";
import type { EngineState } from "./state.ts";
import type { Window } from "./window.ts";

/** A window with fewer heads than this is read on. */
const LOW_WATER = 250;
const ROWS = 1_000;
/** Beyond the budget a served lane still gets this many, so that a full memory never starves it. */
const ROWS_BEYOND_BUDGET = 16;
const BYTES = 4 * 1024 * 1024;
/** No spec within the limits of the contract is larger. */
const LARGEST_SPEC = 1024 * 1024;
const RETRY_MS = 250;

/** Reads on when a paged window of a served lane runs low. */
export function considerRefill(state: EngineState, lane: Lane, shard: number): void {
  const window = lane.findWindow(shard);
  if (window === undefined || !window.paged || window.refilling || state.stopped !== null) return;
  if (lane.servedBy === 0 || window.count >= LOW_WATER) return;
  const limit = room(state, window);
  if (limit === 0) return;
  window.refilling = true;
  // What it may bring counts from now on: many windows are read at once.
  state.memory.heads += limit;
  void refill(state, lane, window, limit).catch((error: unknown) => {
    if (state.stopped !== null) return;
    state.logger.warn({ error, lane: lane.id, shard }, "cannot read waiting tasks; trying again");
    state.wheel.add(state.clock.monotonic() + RETRY_MS, () => {
      window.refilling = false;
      considerRefill(state, lane, shard);
    });
  });
}

/** Every lane that a worker could serve: what a failed or void read left behind. */
export function refillServed(state: EngineState): void {
  for (const lane of state.lanes.values()) {
    if (lane.servedBy === 0) continue;
    for (const window of lane.windows()) considerRefill(state, lane, window.shard);
  }
}

/** A task of a lane is in the store from now on: who found nothing there before looks again. */
export function noteCommitted(state: EngineState, lane: Lane, shard: number, seq: number): void {
  const window = lane.findWindow(shard);
  if (window === undefined || seq <= window.lastCommitted) return;
  window.lastCommitted = seq;
  considerRefill(state, lane, shard);
}

function room(state: EngineState, window: Window): number {
  const free = Math.min(state.config.memoryHeads - state.memory.heads, ROWS);
  if (free >= ROWS_BEYOND_BUDGET && state.memory.bytes < state.config.memoryBytes) return free;
  return window.count === 0 ? ROWS_BEYOND_BUDGET : 0;
}

async function refill(state: EngineState, lane: Lane, window: Window, limit: number): Promise<void> {
  const from = window.readCursor;
  const committed = state.flushCommitted;
  // What this read is sure to see: everything committed before it begins.
  const sees = window.lastCommitted;
  const piece = state.segments.pieceAfter(window.shard, from);
  const reading = state.store.recovery.refill(piece.seg, window.shard, lane.id, from, limit, BYTES);
  const rows = await reading.finally(() => {
    state.memory.heads -= limit;
  });
  // The shard may have left while it was read.
  if (state.stopped !== null || lane.findWindow(window.shard) !== window) return;
  window.refilling = false;
  // It is read again when it is known what has become of its tasks.
  if (state.segments.isEmptying(piece.seg)) return;
  // The segment was reclaimed while it was read: what was left of it is in segment 0 now.
  if (state.segments.pieceAfter(window.shard, from).seg !== piece.seg) return considerRefill(state, lane, window.shard);
  const inPiece = rows.filter((head) => head.seq < piece.until);
  for (const head of inPiece) take(state, lane, window, head);
  const last = inPiece.at(-1)?.seq ?? from;
  const atEnd = inPiece.length < rows.length || fellShort(rows, limit);
  if (!atEnd) window.readCursor = last;
  else window.readCursor = piece.until === Number.POSITIVE_INFINITY ? Math.max(last, sees) : piece.until - 1;
  for (const [seq, flush] of window.takenAhead)
    if (flush <= committed || seq <= window.readCursor) window.takenAhead.delete(seq);
  const tail = atEnd && piece.until === Number.POSITIVE_INFINITY ? window.joinTail() : null;
  for (const head of tail?.dropped ?? []) dropMemory(state, head);
  if (!window.paged || window.readCursor >= window.lastAssigned) lane.behind.delete(window);
  // Also when it brought nothing: heads of other shards may have waited for it.
  offerLane(state, lane);
  state.wake();
  // What was committed after the read began may lie where it has looked already.
  const more = window.readCursor > from || window.lastCommitted > sees;
  if (window.paged && more) state.timers.nextTurn(() => considerRefill(state, lane, window.shard));
}

/** Fewer rows than asked for, and not because one more would have been too many bytes. */
function fellShort(rows: readonly TaskHead[], limit: number): boolean {
  if (rows.length >= limit) return false;
  let bytes = 0;
  for (const head of rows) bytes += head.spec.length;
  return bytes < BYTES - LARGEST_SPEC;
}

function take(state: EngineState, lane: Lane, window: Window, head: TaskHead): void {
  if (window.takenAhead.has(head.seq) || state.items.has(head)) return;
  // In segment 0 a start time belongs to the due scan; in the ring it is a short delay.
  if (head.runAt > state.clock.now()) {
    if (head.seg !== LATER) rest(state, head, lane, head.runAt);
    return;
  }
  window.push(head);
  addMemory(state, head);
}
