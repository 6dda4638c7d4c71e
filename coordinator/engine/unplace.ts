import { refKey } from "../kernel/task-ref.ts";
import type { TaskHead } from "../ports/rows.ts";
import type { Batch, PlacedMessage } from "./batch.ts";
import { letLocksGo } from "./claim-locks.ts";
import { countEnd, countSubmit } from "./counters.ts";
import { dropMemory, takeOut } from "./fill.ts";
import type { Item } from "./item.ts";
import type { Lane } from "./lanes.ts";
import { letGo } from "./lease.ts";
import { returnCredit } from "./send.ts";
import type { EngineState } from "./state.ts";

/**
 * Takes tasks of a message back out of a flush that was not written: their rows, their places, and the leases they were
 * given. @param keyed whether tasks with an idempotency key go too; a repeated message leaves those to their own gates.
 */
export function unplace(state: EngineState, batch: Batch, placed: PlacedMessage, keyed: boolean): void {
  const gone = new Set<string>();
  for (const [index, head] of placed.refs.entries()) {
    if (!keyed && (placed.keyIndex[index] as number) >= 0) continue;
    gone.add(refKey(head));
    forget(state, batch, head);
    countSubmit(state, head.shard, head.lane, -1);
  }
  if (gone.size === 0) return;
  for (const { row, queue } of batch.ends)
    if (gone.has(refKey(row))) countEnd(state, row.shard, row.lane, queue, row.status, -1);
  batch.ends = batch.ends.filter(({ row }) => !gone.has(refKey(row)));
  batch.events = batch.events.filter((row) => !gone.has(refKey(row)));
  batch.leases = batch.leases.filter(({ item }) => !gone.has(refKey(item.head)));
  batch.held = batch.held.filter(({ head }) => !gone.has(refKey(head)));
  const keep = batch.tasks.map((row) => !gone.has(refKey(row)));
  batch.taskKeys = batch.taskKeys.filter((_, index) => keep[index]);
  batch.tasks = batch.tasks.filter((_, index) => keep[index]);
  const windows = new Map(placed.refs.map((head) => [`${head.lane}.${head.shard}`, head]));
  for (const head of windows.values()) takeBackSeq(state, batch, head);
}

/** What was taken out is never committed: the newest number that was assigned is another. */
function takeBackSeq(state: EngineState, batch: Batch, { lane: laneId, shard }: TaskHead): void {
  const lane = state.lanes.get(laneId) as Lane;
  const window = lane.findWindow(shard);
  if (window === undefined) return;
  window.lastAssigned = window.lastCommitted;
  for (const task of batch.tasks)
    if (task.lane === laneId && task.shard === shard) window.lastAssigned = Math.max(window.lastAssigned, task.seq);
  if (window.readCursor >= window.lastAssigned) lane.behind.delete(window);
}

function forget(state: EngineState, batch: Batch, head: TaskHead): void {
  const item = state.items.get(head);
  const lane = state.lanes.get(head.lane) as Lane;
  takeOut(state, lane, head);
  for (const dropped of lane.findWindow(head.shard)?.forgetTail(head.seq) ?? []) dropMemory(state, dropped);
  if (item === undefined) return;
  state.items.delete(head);
  if (item.timer !== null) state.wheel.cancel(item.timer);
  if (lane.locks !== null) letLocksGo(state, item, true);
  const at = lane.returned.indexOf(item);
  if (at >= 0) lane.returned.splice(at, 1);
  if (item.state !== "running") return;
  if (lane.room !== null) lane.room.running--;
  unlease(state, batch, item);
}

/** The lease was never sent, so the worker's credit is as it was. */
function unlease(state: EngineState, batch: Batch, item: Item): void {
  const session = item.attempt?.session;
  if (session == null || !batch.leases.some((lease) => lease.item === item)) return;
  letGo(session, item);
  returnCredit(state, session);
}
