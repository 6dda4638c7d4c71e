import type { TaskRef } from "../kernel/task-ref.ts";
import type { CatalogStore } from "./catalog-store.ts";
import type { EndRow, EventRow, GateHit, GateRow, MoveRow, SessionRow, StoredTask, TaskHead, TaskRow } from "./rows.ts";
import type { SharedStore } from "./shared-store.ts";
import type { StatsStore } from "./stats-store.ts";

/**
 * The store of a coordinator: the only place that outlives it. `test/contract/store.ts` is its exam; every plugin passes
 * it. Writers hold the epoch of each shard they touch; a write under an old epoch changes nothing and throws FencedError.
 */
export interface Store {
  readonly kind: string;
  readonly catalog: CatalogStore;
  readonly segments: SegmentStore;
  readonly reads: ReadStore;
  readonly recovery: RecoveryStore;
  /** Absent: one process owns the store whole. */
  readonly shared?: SharedStore;
  readonly stats: StatsStore;

  /**
   * Makes the caller the owner of every shard: each epoch rises by one, durably, after every flush under the old epoch
   * has ended one way or the other.
   * @param owner shown to people: host, pid and address.
   * @param takeover false: throws OwnedError while another living process owns them; true: fences it.
   * @param by after a restore: how much higher each epoch is to be than the one that is stored and than any that was
   * given to `distrust`, which is forgotten; absent: 1.
   * @throws StoreRestoredError the database is distrusted, and `by` is absent.
   */
  claim(owner: string, takeover: boolean, by?: number): Promise<readonly OwnedShard[]>;

  /**
   * Whether these epochs are the newest still: one cheap read, for an owner that has nothing to write.
   * @throws FencedError a shard has a newer epoch, or (StoreLostError) the database is not the one that was opened.
   */
  checkOwner(owners: readonly OwnedShard[]): Promise<void>;

  /**
   * Notes, durably, that somebody holds a number of this epoch that `owner` has not given, if its epoch is the newest of its
   * shard still: then nobody has, and the database is older than the world. From then on it is nobody's to own (`claim`,
   * `shared.join` and `shared.look` throw StoreRestoredError) until a `claim` with `by`.
   * @returns false: the shard has a newer owner, who may have given it; nothing was noted.
   */
  distrust(owner: OwnedShard, epoch: number): Promise<boolean>;

  /**
   * Writes everything that happened since the last commit, in one transaction, or nothing of it. Calls never overlap.
   * @throws FencedError a shard has a newer epoch.
   * @throws RequestRepeatedError a request gate was there before; nothing was written.
   * @throws BadRowError the database refuses a value; nothing was written; the caller bisects.
   * @throws StoreUnavailableError with `inDoubt` when the commit may have happened: call `resolve`.
   */
  flush(batch: FlushBatch): Promise<FlushResult>;

  /**
   * After a commit in doubt: makes sure the old transaction has ended, then says what it did. Null: nothing was written.
   * @throws StoreUnavailableError try again later.
   */
  resolve(batch: FlushBatch): Promise<FlushResult | null>;

  close(): Promise<void>;
}

export interface OwnedShard {
  readonly shard: number;
  readonly epoch: number;
}

export interface FlushShard extends OwnedShard {
  /** 1, 2, 3 … in an epoch. */
  readonly flushNo: number;
  /** Cumulative counters of what this flush touched, encoded by the engine. */
  readonly body: Uint8Array;
}

export interface FlushBatch {
  readonly at: number;
  /** Open segment: where the flush rows go. */
  readonly seg: number;
  /** Every shard any row below belongs to. */
  readonly shards: readonly FlushShard[];
  /** Gates of whole messages: one that exists (and has not expired) refuses the whole flush. */
  readonly requests: readonly GateRow[];
  /** Gates of single tasks: one that exists keeps only its task out. No key twice in a batch. */
  readonly keys: readonly GateRow[];
  readonly tasks: readonly TaskRow[];
  /** Beside `tasks`: index into `keys`, or −1. */
  readonly taskKeys: readonly number[];
  readonly events: readonly EventRow[];
  readonly ends: readonly EndRow[];
  /**
   * Tasks that go to segment 0: the task row (with the new run_at) and its events are copied there, and an end row with
   * status 0 is left in the old segment. Applied after `events`. No task is both moved and ended in a batch.
   */
  readonly moves: readonly MoveRow[];
  /** Sessions named for the first time; a repeat is ignored. */
  readonly sessions: readonly SessionRow[];
}

export interface FlushResult {
  /** Beside `keys`: null if the gate was free and its task is written, else what holds it. */
  readonly keys: readonly (GateHit | null)[];
  /** Indexes into `ends` that lost to an earlier end of the same task; the rest were written. */
  readonly lostEnds: readonly number[];
}

/** The ring of segments. Numbers are small and reused; segment 0 always exists and is not listed. */
export interface SegmentStore {
  list(): Promise<readonly Segment[]>;
  /**
   * Opens the next segment, making its tables or reusing freed ones; tasks of shard s with seq ≥ fromSeq belong to it.
   * Its tables exist before the transaction that opens it, so no flush waits for DDL.
   * Asked for again with the same `from`, because the answer was lost, it gives the segment that was opened then.
   * @param owners the epoch of every shard, checked.
   * @throws StoreUnavailableError with `inDoubt` when it may have happened: ask again.
   */
  open(owners: readonly OwnedShard[], from: readonly SegmentRange[], at: number): Promise<Segment>;
  /**
   * Empties a sealed segment whose newest end (or, without ends, newest task) is older than `endedBefore`, if nobody is
   * in the way: unfinished tasks (at most `maxMoved`) are moved to segment 0 with their events, in one transaction with
   * the truncation, under the epoch check. A busy lock gives up within 100 ms. One that is empty already is `reclaimed`.
   * @throws StoreUnavailableError with `inDoubt` when it may have happened: ask again.
   */
  reclaim(owners: readonly OwnedShard[], seg: number, endedBefore: number, maxMoved: number): Promise<ReclaimResult>;
  /** Deletes ended tasks of segment 0 (with events and end) whose end is older; returns how many. At most `limit`. */
  pruneLater(owners: readonly OwnedShard[], endedBefore: number, limit: number): Promise<number>;
  /** Drops the gate tables of days that have passed, and sessions older than every retained event. */
  pruneGates(now: number): Promise<void>;
}

export interface SegmentRange {
  readonly shard: number;
  readonly fromSeq: number;
  /** First seq of the next generation, set when that one is opened; absent: the segment is open. */
  readonly untilSeq?: number;
}

export interface Segment {
  readonly seg: number;
  /** Rises with every opening; the newest is the open one. */
  readonly generation: number;
  readonly openedAt: number;
  readonly ranges: readonly SegmentRange[];
}

export type ReclaimResult =
  | { readonly outcome: "reclaimed"; readonly moved: readonly TaskRef[] }
  /** Kept: something ended in it too recently, a lock was busy, or too many tasks are unfinished. */
  | { readonly outcome: "recent" | "busy" }
  | { readonly outcome: "unfinished"; readonly unfinished: number };

/** What an owner reads on its own behalf: after a claim and while it refills. Tasks are those of its shards. */
export interface RecoveryStore {
  checkpoints(): Promise<readonly Checkpoint[]>;
  /** Replaces the checkpoint of each shard, under the epoch check. */
  writeCheckpoints(checkpoints: readonly Checkpoint[]): Promise<void>;
  /** Flush rows of a shard newer than (epoch, flushNo), oldest first, from these segments. */
  flushesAfter(shard: number, epoch: number, flushNo: number, segs: readonly number[]): Promise<readonly FlushShard[]>;
  /**
   * Tasks of a shard without an end that have any event, beyond a seq per lane; a lane not named counts from `floor`.
   * Looks in `segs`.
   */
  startedAfter(
    shard: number,
    floor: number,
    lanes: ReadonlyMap<number, number>,
    segs: readonly number[],
  ): Promise<readonly StoredTask[]>;
  /** Tasks of a shard without an end, not in segment 0, beyond `afterSeq`, that have run_at > 0. */
  delayedAfter(shard: number, afterSeq: number, segs: readonly number[]): Promise<readonly TaskHead[]>;
  /**
   * The next waiting tasks of a lane in seq order: afterSeq < seq, in one segment, without an end, run_at = 0 or segment
   * not 0. Stops at `limit` rows or when their specs pass `maxBytes` (at least one row).
   */
  refill(
    seg: number,
    shard: number,
    lane: number,
    afterSeq: number,
    limit: number,
    maxBytes: number,
  ): Promise<readonly TaskHead[]>;
  /** Tasks of segment 0 without an end and with from < run_at ≤ to, by (run_at, shard, lane, seq), after a place. */
  due(
    from: number,
    to: number,
    after: (TaskRef & { runAt: number }) | null,
    limit: number,
  ): Promise<readonly StoredTask[]>;
  /** The next tasks without an end and with from < expires_at ≤ to, from these segments, after a place of that order. */
  expired(
    segs: readonly number[],
    from: number,
    to: number,
    after: (TaskRef & { readonly expiresAt: number }) | null,
    limit: number,
  ): Promise<readonly TaskHead[]>;
}

export interface Checkpoint extends OwnedShard {
  /** Newest flush that the body covers. */
  readonly flushNo: number;
  readonly at: number;
  readonly body: Uint8Array;
}

/** Reads for people, on connections of their own: they never wait for a flush nor hold one up. */
export interface ReadStore {
  /** The task, looked for in each segment in turn; null when none has it. A `moved` end is looked through. */
  task(ref: TaskRef, segs: readonly number[]): Promise<StoredTask | null>;
  tasks(refs: readonly (TaskRef & { readonly segs: readonly number[] })[]): Promise<readonly (StoredTask | null)[]>;
  /** A page of tasks, newest (created_at, shard, lane, seq) first, without events. */
  list(query: ListQuery): Promise<ListPage>;
}

export interface ListPlace extends TaskRef {
  readonly createdAt: number;
}

export interface ListQuery {
  /** Segments to look in, newest first, 0 last. */
  readonly segs: readonly number[];
  /** Only tasks after this place of the order; null: from the newest. */
  readonly after: ListPlace | null;
  readonly limit: number;
  /** Statuses of ends wanted; null: all. */
  readonly endStatuses: readonly number[] | null;
  /** Whether tasks without an end are wanted. */
  readonly unended: boolean;
  readonly lanes: readonly number[] | null;
  readonly name: string | null;
  readonly type: string | null;
  /** Sorted "key=value", or "key=" + U+0000 for any value of a key. */
  readonly labels: readonly string[];
  /** Tasks of these are left out. */
  readonly notNames: readonly string[];
  readonly notTypes: readonly string[];
  /** Written like `labels`: a task with any of them is left out. */
  readonly notLabels: readonly string[];
  readonly createdAfter: number | null;
  readonly createdBefore: number | null;
  /** Rows looked at before an incomplete page is given back. */
  readonly maxScanned: number;
}

export interface ListPage {
  readonly tasks: readonly StoredTask[];
  /** Place to go on from; null: there is nothing further. */
  readonly next: ListPlace | null;
  /** True when `maxScanned` ended the page. */
  readonly incomplete: boolean;
  /** Rows looked at. */
  readonly scanned: number;
}
