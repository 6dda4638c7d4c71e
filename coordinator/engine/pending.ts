import type { Admission } from "../kernel/admit.ts";
import type { LockRow } from "../kernel/lock-rows.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { EndRow, EventRow, MoveRow, SessionRow } from "../ports/rows.ts";
import type { Item } from "./item.ts";

/** What one message asks to be accepted; the items stand in its order. */
export interface SubmitMessage {
  readonly admissions: readonly Admission[];
  /** Lane ids, beside `admissions`. */
  readonly laneIds: readonly number[];
  readonly submittedBy: string;
  readonly now: number;
  /** "": none. */
  readonly requestId: string;
  readonly bytes: number;
  /** A flush of its own: another message of its last flush, or this one, could not be written. */
  readonly alone: boolean;
  readonly resolve: (outcomes: readonly SubmitOutcome[]) => void;
}

export type SubmitOutcome =
  | { readonly ref: TaskRef; readonly duplicate: boolean }
  | { readonly conflict: "idempotency_key" | "request_id" | "refused" };

type Unplaced<T> = { -readonly [K in keyof T]: T[K] };

export type PendingEvent = Unplaced<EventRow>;

/** An end on its way, and what follows when it is committed. */
export interface PendingEnd {
  readonly row: Unplaced<EndRow>;
  readonly queue: string;
  readonly item: Item;
  /** Told whether this end was the one. */
  readonly settled: ((won: boolean) => void)[];
}

/** A lease whose record waits for the flush; the item may be in other hands by then. */
export interface PendingLease {
  readonly item: Item;
  readonly token: number;
}

export interface PendingMove {
  readonly row: Unplaced<MoveRow>;
  readonly item: Item;
}

/** A change of a lock: it goes into the flush row of its shard. */
export interface PendingLock {
  readonly shard: number;
  readonly row: LockRow;
}

/** Decisions that wait for the next flush. Segment numbers are filled in when it is made. */
export interface Pending {
  messages: SubmitMessage[];
  messageBytes: number;
  /** Idempotency keys that are on their way: a second one waits for the next flush. */
  readonly keys: Set<string>;
  events: PendingEvent[];
  ends: PendingEnd[];
  moves: PendingMove[];
  sessions: SessionRow[];
  locks: PendingLock[];
  /** Leases whose event rows are among `events`: sent after the commit. */
  leases: PendingLease[];
  /** Called after the commit of everything above. */
  after: (() => void)[];
  /** Wall clock of the oldest decision here; 0: none. */
  since: number;
}

export function emptyPending(): Pending {
  return {
    messages: [],
    messageBytes: 0,
    keys: new Set(),
    events: [],
    ends: [],
    moves: [],
    sessions: [],
    locks: [],
    leases: [],
    after: [],
    since: 0,
  };
}

export function hasPending(pending: Pending): boolean {
  return (
    pending.messages.length > 0 ||
    pending.events.length > 0 ||
    pending.ends.length > 0 ||
    pending.moves.length > 0 ||
    pending.locks.length > 0 ||
    pending.after.length > 0
  );
}
