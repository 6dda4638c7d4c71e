import type { TaskRef } from "../kernel/task-ref.ts";
import type { GateRow, SessionRow, TaskHead, TaskRow } from "../ports/rows.ts";
import type { FlushBatch, FlushShard } from "../ports/store.ts";
import type { Lane } from "./lanes.ts";
import type { PendingEnd, PendingEvent, PendingLease, PendingLock, PendingMove, SubmitMessage } from "./pending.ts";

/** One flush in the making: the rows, and what follows from them when they are committed. */
export interface Batch {
  readonly number: number;
  readonly at: number;
  /** Wall clock of the oldest decision in it. */
  readonly since: number;
  messages: PlacedMessage[];
  tasks: TaskRow[];
  /** Beside `tasks`. */
  taskKeys: number[];
  requests: GateRow[];
  keys: GateRow[];
  /** Tasks that take their places after the commit. */
  held: HeldTask[];
  /** "lane.shard" of windows with a held task. */
  readonly heldWindows: Set<string>;
  events: PendingEvent[];
  ends: PendingEnd[];
  moves: PendingMove[];
  sessions: SessionRow[];
  locks: PendingLock[];
  leases: PendingLease[];
  after: (() => void)[];
}

export interface PlacedMessage {
  readonly message: SubmitMessage;
  readonly refs: TaskHead[];
  /** Beside `refs`: index into the batch's keys, or −1. */
  readonly keyIndex: number[];
}

export interface HeldTask {
  readonly head: TaskHead;
  readonly lane: Lane;
}

export function newBatch(number: number, at: number, since: number): Batch {
  return {
    number,
    at,
    since,
    messages: [],
    tasks: [],
    taskKeys: [],
    requests: [],
    keys: [],
    held: [],
    heldWindows: new Set(),
    events: [],
    ends: [],
    moves: [],
    sessions: [],
    locks: [],
    leases: [],
    after: [],
  };
}

export function rowsOf(batch: Batch): number {
  return batch.tasks.length + batch.events.length + batch.ends.length + batch.moves.length + batch.locks.length;
}

/** Shards that any row belongs to. */
export function shardsOf(batch: Batch): Set<number> {
  const shards = new Set<number>();
  let last = -1;
  const add = ({ shard }: TaskRef) => {
    if (shard !== last) shards.add(shard);
    last = shard;
  };
  batch.tasks.forEach(add);
  batch.events.forEach(add);
  for (const { row } of batch.ends) add(row);
  for (const { row } of batch.moves) add(row);
  for (const { shard } of batch.locks) shards.add(shard);
  return shards;
}

export function toFlush(batch: Batch, seg: number, shards: readonly FlushShard[]): FlushBatch {
  return {
    at: batch.at,
    seg,
    shards,
    requests: batch.requests,
    keys: batch.keys,
    tasks: batch.tasks,
    taskKeys: batch.taskKeys,
    events: batch.events,
    ends: batch.ends.map((end) => end.row),
    moves: batch.moves.map((move) => move.row),
    sessions: batch.sessions,
  };
}
