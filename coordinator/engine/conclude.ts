import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { EventKind } from "../ports/rows.ts";
import { letLocksGo } from "./claim-locks.ts";
import { noteAhead, takeOut } from "./fill.ts";
import type { Item } from "./item.ts";
import { letGo } from "./lease.ts";
import type { PendingEnd } from "./pending.ts";
import { updateReady } from "./serving.ts";
import { type EngineState, shardAt } from "./state.ts";

/** How decisions become rows that wait for the flush. */

export interface EventFacts {
  readonly kind: EventKind;
  /** Absent: the next of the shard. */
  readonly ord?: number;
  readonly attempt: number;
  readonly at: number;
  readonly session?: number;
  readonly nextAt?: number;
  readonly detail?: Uint8Array | null;
}

export function addEvent(state: EngineState, task: TaskRef & { readonly seg: number }, facts: EventFacts): void {
  mark(state);
  state.pending.events.push({
    seg: task.seg,
    shard: task.shard,
    lane: task.lane,
    seq: task.seq,
    ord: facts.ord ?? shardAt(state, task.shard).nextOrd(),
    kind: facts.kind,
    attempt: facts.attempt,
    at: facts.at,
    session: facts.session ?? 0,
    nextAt: facts.nextAt ?? 0,
    detail: facts.detail ?? null,
  });
}

export interface EndFacts {
  readonly detail?: Uint8Array | null;
  readonly result?: Uint8Array | null;
  /** Token of the attempt whose report it is; absent: no report made it. */
  readonly token?: number;
  /** Told after the commit whether this end was the one. */
  readonly settled?: (won: boolean) => void;
}

/** The task ends: from now on it is `ending`, and gone once the flush is committed. */
export function endItem(
  state: EngineState,
  item: Item,
  status: TaskStatus,
  reason: number,
  facts: EndFacts,
): PendingEnd {
  release(state, item);
  item.state = "ending";
  mark(state);
  noteAhead(state, item.lane, item.head);
  const { seg, shard, lane, seq, createdAt } = item.head;
  const end: PendingEnd = {
    row: {
      seg,
      shard,
      lane,
      seq,
      status,
      reason,
      attempt: item.attempts,
      token: facts.token ?? 0,
      at: state.clock.now(),
      createdAt,
      detail: facts.detail ?? null,
      result: facts.result ?? null,
    },
    queue: item.lane.key.queue,
    item,
    settled: facts.settled === undefined ? [] : [facts.settled],
  };
  state.pending.ends.push(end);
  return end;
}

/** The task's next attempt is too far ahead for memory: it goes to segment 0. */
export function moveItem(state: EngineState, item: Item, runAt: number): void {
  release(state, item);
  item.state = "ending";
  mark(state);
  noteAhead(state, item.lane, item.head);
  const { seg, shard, lane, seq, createdAt } = item.head;
  state.pending.moves.push({ row: { seg, shard, lane, seq, createdAt, runAt }, item });
}

/** Takes the task from whatever holds it: its session, its timer, its lane; and from it the locks it holds. */
export function release(state: EngineState, item: Item): void {
  if (item.timer !== null) {
    state.wheel.cancel(item.timer);
    item.timer = null;
  }
  if (item.lane.locks !== null) letLocksGo(state, item);
  if (item.state === "running" && item.lane.room !== null) item.lane.room.running--;
  const session = item.attempt?.session;
  if (session != null) {
    letGo(session, item);
    updateReady(state, session);
  }
  if (item.state === "returned") {
    const at = item.lane.returned.indexOf(item);
    if (at >= 0) item.lane.returned.splice(at, 1);
    else takeOut(state, item.lane, item.head);
  }
}

/** Something waits for the flush. */
export function mark(state: EngineState): void {
  if (state.pending.since === 0) state.pending.since = state.clock.now();
  state.wake();
}

export function hasEnded(status: number): boolean {
  return status === TaskStatus.SUCCEEDED || status === TaskStatus.FAILED || status === TaskStatus.CANCELLED;
}
