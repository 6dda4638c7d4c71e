import { fromBinary } from "@bufbuild/protobuf";
import { type Progress, type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { NO_LOCKS, type TaskLock } from "../kernel/task-lock.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { TaskHead, TaskRow } from "../ports/rows.ts";
import type { Lane } from "./lanes.ts";
import type { Session } from "./session.ts";
import type { Timer } from "./wheel.ts";

/**
 * A task the owner has in hand: everything that is neither a head in a window nor only in the store. It stays in
 * `items` until its end is committed, so that a checkpoint can never miss it.
 */
export interface Item {
  readonly head: TaskHead;
  readonly lane: Lane;
  state: ItemState;
  /** Attempts begun that count. */
  attempts: number;
  /** Runs that had begun and were given back: they keep their numbers and do not count. */
  released: number;
  /** Token of the newest attempt; 0: none yet. */
  token: number;
  /** While `resting`: when it comes back to its lane, ms since 1970. */
  dueAt: number;
  /** `retrying` or `scheduled`, while resting. */
  retrying: boolean;
  attempt: LiveAttempt | null;
  /** What the attempt that runs holds, in the order of names. */
  locks: readonly TaskLock[];
  /** A timer that runs for it: rest, run timeout, heartbeat or give-up. */
  timer: Timer | null;
  cancelRequestedAt: number;
}

/**
 * gated: its first commit is awaited. resting: in the wheel. returned: at the front of its lane. running: leased.
 * ending: its end (or its move to segment 0) is on the way to the store.
 */
export type ItemState = "gated" | "resting" | "returned" | "running" | "ending";

/** The attempt that runs. */
export interface LiveAttempt {
  readonly session: Session | null;
  readonly sessionNumber: number;
  readonly leasedAt: number;
  /** The lease is committed; before that nothing is sent and a cancel takes effect in the same flush. */
  committed: boolean;
  /** As its worker says, ms since 1970: for people. */
  startedAt: number;
  /** Monotonic ms of this process when it was leased or, once that was said, began to run: for deadlines. */
  begunAt: number;
  progress: Progress | null;
  messages: { at: number; text: string }[];
  /** The order the worker was given to end it, if any. */
  ordered: number;
  /** The order that the answer of a long poll has carried. */
  told: number;
  /** Monotonic ms of the last sign of life of a handler. */
  beatAt: number;
}

export function itemRef(item: Item): TaskRef {
  return item.head;
}

export function newItem(head: TaskHead, lane: Lane, state: ItemState): Item {
  return {
    head,
    lane,
    state,
    attempts: 0,
    released: 0,
    token: 0,
    dueAt: 0,
    retrying: false,
    attempt: null,
    locks: NO_LOCKS,
    timer: null,
    cancelRequestedAt: 0,
  };
}

/** Number of the newest attempt, which its output and its rows are kept under. */
export function attemptNumber({ attempts, released }: Pick<Item, "attempts" | "released">): number {
  return attempts + released;
}

/** What a lane keeps of a row. */
export function headOf(row: TaskRow): TaskHead {
  const { shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec } = row;
  return { shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec };
}

/** The spec of a task, read when it is needed: most tasks end without it. */
export function specOf(head: TaskHead): TaskSpec {
  return fromBinary(TaskSpecSchema, head.spec);
}
