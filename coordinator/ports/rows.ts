import type { TaskRef } from "../kernel/task-ref.ts";

/**
 * The rows of the append-only tables. Every row lives in a segment (`seg`): 1, 2, 3 … are the ring, 0 is the small
 * `later` segment of delayed and carried tasks. Times are ms since 1970; 0 means none unless said otherwise.
 */

/** What was asked for. Primary key (shard, lane, seq) in its segment; never changed. */
export interface TaskRow extends TaskRef {
  readonly seg: number;
  readonly createdAt: number;
  /** Earliest start; 0: at once. In segment 0 it is indexed. */
  readonly runAt: number;
  /** Fails as `expired` when no attempt has begun by then; 0: never. Indexed where not 0. */
  readonly expiresAt: number;
  /** Longest run of one attempt in ms; 0: none. Defaults applied. */
  readonly timeoutMs: number;
  /** Attempts in all, at least 1. Defaults applied. */
  readonly maxAttempts: number;
  readonly name: string;
  /** Handler name; "" for commands. */
  readonly type: string;
  /** "key=value", sorted; empty: none. */
  readonly labels: readonly string[];
  /** Id of the API key that asked. */
  readonly submittedBy: string;
  /** Public id of the task this one retries; "": none. */
  readonly retryOf: string;
  /** The client's TaskSpec, protobuf bytes. */
  readonly spec: Uint8Array;
}

/** What happened between the two. `ord` rises strictly within a task. Numbers are stored: never renumber. */
export const EVENT = {
  /** An attempt was given to a session; ord is its fencing token. */
  leased: 1,
  /** The attempt ended and another one follows at `nextAt`. */
  retrying: 2,
  /** The attempt was given back and costs nothing. */
  released: 3,
  /** Cancel was asked for while it ran; `detail` is the id of the API key. */
  cancelRequested: 4,
  /** A retry of this ended task was made; `detail` is the new public id. */
  retriedAs: 5,
} as const;

export type EventKind = (typeof EVENT)[keyof typeof EVENT];

export interface EventRow extends TaskRef {
  readonly seg: number;
  /** epoch‖counter. Primary key (shard, lane, seq, ord). */
  readonly ord: number;
  readonly kind: EventKind;
  readonly attempt: number;
  readonly at: number;
  /** Session number (SessionRow); 0: none. */
  readonly session: number;
  /** When the next attempt may start; 0: none. */
  readonly nextAt: number;
  /** Attempt as protobuf bytes for `retrying` and `released`, UTF-8 text for the others; null: none. */
  readonly detail: Uint8Array | null;
}

/** How it ended. Primary key (shard, lane, seq) in its segment: a task ends once. */
export interface EndRow extends TaskRef {
  readonly seg: number;
  /** TaskStatus: succeeded, failed or cancelled. 0: moved to segment 0. */
  readonly status: number;
  /** TaskReason. */
  readonly reason: number;
  readonly attempt: number;
  /** Token of the attempt whose report ended it; 0: none did: it was lost, given up, cancelled while it waited, or expired. */
  readonly token: number;
  readonly at: number;
  /** Copied from the task: lists of ended tasks are ordered by it. */
  readonly createdAt: number;
  /** tss.v1.Attempt as protobuf bytes (exit code, error, progress, messages …); null: none. */
  readonly detail: Uint8Array | null;
  /** tss.v1.Payload as protobuf bytes; null: none. */
  readonly result: Uint8Array | null;
}

/** A worker's session, as events name it. */
export interface SessionRow {
  /** Random, 48 bits. */
  readonly session: number;
  /** Public id, `w_…`. */
  readonly id: string;
  readonly workerName: string;
  readonly at: number;
}

/** Tells a repeat from a first time. Lives in a table per day of `expiresAt` (UTC). */
export interface GateRow {
  /** "r:" + request id, or "k:" + idempotency key; at most 200 bytes of printable ASCII. */
  readonly key: string;
  /** SHA-256 of the body; empty for requests. */
  readonly hash: Uint8Array;
  /** What the first time made, encoded by the engine. */
  readonly answer: Uint8Array;
  readonly expiresAt: number;
}

export interface GateHit {
  readonly hash: Uint8Array;
  readonly answer: Uint8Array;
}

/** A task that leaves its segment for segment 0, its id unchanged. */
export interface MoveRow extends TaskRef {
  /** The ring segment it is in; 0: it is in segment 0 already and only its run_at changes. */
  readonly seg: number;
  readonly createdAt: number;
  /** Written as run_at of the moved task. */
  readonly runAt: number;
}

/** A task as read back: what was asked, what happened (by ord), how it ended. */
export interface StoredTask {
  readonly task: TaskRow;
  readonly events: readonly EventRow[];
  readonly end: EndRow | null;
  /** Sessions that its events name. */
  readonly sessions: readonly SessionRow[];
}

/** The part of a task that a lane keeps in memory. */
export interface TaskHead extends TaskRef {
  readonly seg: number;
  readonly createdAt: number;
  readonly runAt: number;
  readonly expiresAt: number;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly spec: Uint8Array;
}
