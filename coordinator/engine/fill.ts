import type { TaskHead } from "../ports/rows.ts";
import { type Item, newItem } from "./item.ts";
import type { Lane } from "./lanes.ts";
import { considerRefill } from "./refill.ts";
import { offerLane } from "./serving.ts";
import type { EngineState } from "./state.ts";
import { headBytes, type Window } from "./window.ts";

/** Heads a window keeps of a lane that no worker serves, where there is room. */
const UNSERVED_HEADS = 100;

/** Heads of a served lane that a window keeps however full memory is, so that a lane with little to do is never read back. */
const ALWAYS_HEADS = 16;

/** Of the budget of memory, up to which windows keep the newest heads of what is paged. */
const TAIL_SHARE = 0.75;

/** Notes about tasks ahead of a cursor before the ones that no refill can need are dropped. */
const AHEAD = 1_024;

/** A task of a committed or coming flush takes its place at the end of its lane; the place may be in the store only. */
export function appendHead(state: EngineState, lane: Lane, head: TaskHead): void {
  const window = lane.window(head.shard);
  window.lastAssigned = head.seq;
  if (!window.paged && !hasRoom(state, lane, window)) window.startPaging(head.seq);
  if (window.paged) {
    const dropped = window.noteTail(head, lane.servedBy > 0 && hasRoomForTail(state, window));
    if (dropped === null) addMemory(state, head);
    else for (const other of dropped) dropMemory(state, other);
    lane.behind.add(window);
    considerRefill(state, lane, head.shard);
    return;
  }
  window.push(head);
  addMemory(state, head);
  if (window.count === 1) offerLane(state, lane);
}

/** Puts a task that was left out into the part of its lane that is in memory. */
export function insertHead(state: EngineState, lane: Lane, head: TaskHead): void {
  const window = lane.window(head.shard);
  window.lastAssigned = Math.max(window.lastAssigned, head.seq);
  window.insert(head);
  addMemory(state, head);
  if (window.count === 1) offerLane(state, lane);
}

function hasRoom(state: EngineState, lane: Lane, window: Window): boolean {
  const served = lane.servedBy > 0;
  if (served && window.held < ALWAYS_HEADS) return true;
  if (!served && window.count >= UNSERVED_HEADS) return false;
  return state.memory.heads < state.config.memoryHeads && state.memory.bytes < state.config.memoryBytes;
}

/** Tails must leave room for what is read back: that is next, they are last. */
function hasRoomForTail({ memory, config }: EngineState, window: Window): boolean {
  if (window.held < ALWAYS_HEADS) return true;
  return memory.heads < config.memoryHeads * TAIL_SHARE && memory.bytes < config.memoryBytes * TAIL_SHARE;
}

export function addMemory(state: EngineState, head: TaskHead): void {
  state.memory.heads++;
  state.memory.bytes += headBytes(head);
}

export function dropMemory(state: EngineState, head: TaskHead): void {
  state.memory.heads--;
  state.memory.bytes -= headBytes(head);
}

/** A task that was in hand goes to the front of its lane. */
export function returnItem(state: EngineState, item: Item): void {
  item.state = "returned";
  item.lane.returned.push(item);
  offerLane(state, item.lane);
  state.wake();
}

/** Takes a waiting task out of its lane, wherever in memory it is; null when it is only in the store. */
export function takeOut(state: EngineState, lane: Lane, head: Pick<TaskHead, "shard" | "seq">): TaskHead | null {
  const removed = lane.findWindow(head.shard)?.remove(head.seq) ?? null;
  if (removed === null) return null;
  dropMemory(state, removed);
  considerRefill(state, lane, head.shard);
  return removed;
}

/** The task is in hand from now on: an item in `items`. */
export function takeInHand(state: EngineState, head: TaskHead, lane: Lane, as: Item["state"]): Item {
  const item = newItem(head, lane, as);
  state.items.set(item);
  noteAhead(state, lane, head);
  return item;
}

/** A refill that is under way, or begins before the next commit, must not bring this task back. */
export function noteAhead(state: EngineState, lane: Lane, head: Pick<TaskHead, "shard" | "seq">): void {
  const window = lane.findWindow(head.shard);
  if (!window?.paged || head.seq <= window.readCursor) return;
  if (window.takenAhead.size >= AHEAD && !window.refilling)
    for (const [seq, flush] of window.takenAhead) if (flush <= state.flushCommitted) window.takenAhead.delete(seq);
  window.takenAhead.set(head.seq, state.flushMaking + 1);
}
