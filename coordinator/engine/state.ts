import { TssError } from "../../proto/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Timers } from "../../runtime/timers.ts";
import type { TaskTracer } from "../../runtime/tracing.ts";
import type { SpecDefaults } from "../kernel/admit.ts";
import type { Place } from "../kernel/queue-share.ts";
import type { IdCodec } from "../kernel/task-id.ts";
import { COUNTERS_PER_EPOCH, EPOCHS, EPOCHS_AHEAD, epochOf, type TaskRef } from "../kernel/task-ref.ts";
import type { QueueRow } from "../ports/catalog-store.ts";
import type { Store } from "../ports/store.ts";
import type { StoreLostError } from "../ports/store-errors.ts";
import type { Changes } from "./changes.ts";
import type { ExpiryMarks } from "./expiry.ts";
import type { Item } from "./item.ts";
import type { ItemIndex } from "./item-index.ts";
import type { Lane } from "./lanes.ts";
import type { LockClock } from "./lock-clock.ts";
import type { Pending } from "./pending.ts";
import type { Profile } from "./profile.ts";
import type { QueueRoom } from "./queue-room.ts";
import type { RecentEnds } from "./recent-ends.ts";
import { LATER, type SegmentMap } from "./segments.ts";
import type { Session } from "./session.ts";
import type { Shard } from "./shard.ts";
import type { ShardSet } from "./shard-set.ts";
import type { TaskLocks } from "./task-locks.ts";
import type { TaskReader } from "./task-reader.ts";
import type { Wheel } from "./wheel.ts";

export interface EngineConfig {
  readonly defaults: SpecDefaults;
  readonly leaseTtlMs: number;
  readonly retentionMs: number;
  readonly segmentRows: number;
  readonly segmentAgeMs: number;
  /** Budget of waiting tasks in memory. */
  readonly memoryHeads: number;
  readonly memoryBytes: number;
  /** Bytes that may wait for a commit. */
  readonly inboxBytes: number;
  readonly checkpointMs: number;
  /** Delays up to here are kept in the wheel; longer ones in segment 0. */
  readonly horizonMs: number;
  /** Unfinished tasks a segment may hand to segment 0 when it is reclaimed. */
  readonly maxMoved: number;
  readonly janitorMs: number;
  /** How long a caller waits for a database that is away, before it is told so. */
  readonly awayPatienceMs: number;
}

/** What the engine can tell others about its work; every call is cheap. */
export interface EngineObserver {
  submitted(queue: string, type: string, count: number): void;
  started(queue: string, type: string, retry: boolean, waitedMs: number): void;
  attemptFinished(queue: string, type: string, outcome: string, ranMs: number): void;
  finished(queue: string, type: string, outcome: string, tookMs: number): void;
  flushed(rows: number, tookMs: number): void;
  timerLag(ms: number): void;
  /** A lock was given after a wait in its line. */
  lockGranted(waitedMs: number): void;
  /** An attempt that ended without success and was not cancelled, or a task that expired before its first one. */
  failed?(failure: AttemptFailure): void;
}

export interface AttemptFailure {
  readonly queue: string;
  readonly task: TaskRef;
  /** Its name: the spec is opened for it. */
  readonly name: () => string;
  readonly type: string;
  readonly reason: number;
  readonly error: { readonly type?: string; readonly message?: string } | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string;
  /** Version of the worker; "": unknown. */
  readonly version: string;
  /** No attempt follows. */
  readonly last: boolean;
}

/** Everything an owner knows. Functions of the engine work on it, one at a time; nothing awaits in the midst of a change. */
export interface EngineState {
  readonly config: EngineConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: () => number;
  readonly logger: Logger;
  readonly store: Store;
  readonly observer: EngineObserver;
  /** Asked for `enabled` before anything is made for it: tasks that are not traced cost nothing. */
  readonly tracer: TaskTracer;
  readonly failpoint: (name: string) => void;
  readonly planted: (name: string) => boolean;
  readonly ids: IdCodec;
  readonly segments: SegmentMap;
  readonly reader: TaskReader;
  readonly wheel: Wheel;
  readonly lockClock: LockClock;
  readonly taskLocks: TaskLocks;
  readonly changes: Changes;
  readonly shards: ShardSet;
  readonly lanes: Map<number, Lane>;
  readonly laneIds: Map<string, number>;
  readonly queues: Map<string, QueueRow>;
  /** Which of the coordinators this one is. */
  place: Place;
  /** Of the queues that have a limit. */
  readonly rooms: Map<string, QueueRoom>;
  readonly items: ItemIndex;
  readonly sessions: Map<string, Session>;
  /** Sessions of the owner before, by public id: their numbers. A worker that comes back goes on with its own. */
  readonly pastSessions: Map<string, number>;
  /** Sessions that are over, as their workers say, by public id: what they hold of them, and until when that is kept. */
  readonly announced: Map<string, { readonly leases: ReadonlySet<string>; readonly until: number }>;
  /** Attempts of owners before, by the number of the session: some are adopted or over by now. */
  readonly orphans: Map<number, Item[]>;
  /** It is one of several coordinators. */
  readonly shared: boolean;
  /** Addresses of every coordinator, this one too; empty: it is alone. */
  coordinators: readonly string[];
  readonly profiles: Map<string, Profile>;
  readonly pending: Pending;
  /** Lanes that are listed with the profiles that serve them. */
  readonly listed: Set<Lane>;
  /** Sessions that could take a lease. */
  readonly ready: Set<Session>;
  /** Tokens of attempts that ended lately: answers repeats without the store. */
  readonly recentEnds: RecentEnds;
  memory: { heads: number; bytes: number };
  /** Holders and waiters of locks. */
  lockEntries: number;
  /** Shard that un-keyed submits go to now, and until when. */
  placing: { shard: number; left: number; until: number };
  /** Rows in the open segment. */
  segmentRows: number;
  /** Number of the newest flush that is committed, and of the one that is being made. */
  flushCommitted: number;
  flushMaking: number;
  /** Wall clock of the oldest decision in the flush under way. */
  flushSince: number;
  /** Everything of segment 0 with run_at up to here is in hand. */
  laterUntil: number;
  /** The same for the scan under way, which must find nothing new behind it; 0: there is none. */
  laterReading: number;
  /** Tasks whose end or move was committed during that scan, which may have read them before. */
  readonly departed: Set<string>;
  /** Settles when the change of a queue that is being written is. */
  changingQueue: Promise<void>;
  /** Settles when the checkpoint that is being written is. */
  checkpointing: Promise<void>;
  readonly expiry: ExpiryMarks;
  /** What callers are told once another owner has taken over or the engine was stopped; nothing is decided any more. */
  stopped: TssError | null;
  /** Whoever waits for a commit that will not come. */
  readonly waiting: Set<(error: TssError) => void>;
  /** What is wrong with the store now; null: nothing. */
  storeProblem: string | null;
  /** Reads what other coordinators have added; alone: nothing. */
  refresh: () => Promise<void>;
  /** Times that shards are being read to be taken up, beside others that are served. */
  recovering: number;
  /** Monotonic ms since when; counts only while there is a problem. */
  storeAwaySince: number;
  /** Monotonic ms at which the flush under way was given to the store; 0: there is none. */
  flushBegan: number;
  /** Monotonic ms of the newest flush that was written, and so found its epochs to be the newest. */
  wroteAt: number;
  /** The database cannot be trusted any more: everything stops. */
  lost: (error: StoreLostError) => void;
  /** The worker of an attempt of an owner before, which was read after the start, has a term to name it. */
  watchOrphan: (item: Item) => void;
  /** Wakes the flusher. */
  wake: () => void;
}

/** The segment a task's rows belong to now. */
export function segmentOf(state: EngineState, task: TaskRef & { readonly seg: number }): number {
  return task.seg === LATER ? LATER : state.segments.of(task.shard, task.seq);
}

/**
 * Whether a start lies beyond what memory keeps, so that it goes to segment 0 and a later scan finds it there. Compared with
 * the time at which it is decided: what was asked for may have waited for the store since.
 */
export function isFar(state: EngineState, startAt: number): boolean {
  return startAt > Math.max(state.clock.now() + state.config.horizonMs, state.laterUntil, state.laterReading);
}

export function itemAt(state: EngineState, ref: TaskRef): Item | undefined {
  return state.items.get(ref);
}

/** Whether decisions about tasks of the shard are made here. */
export function isOwned(state: EngineState, shard: number): boolean {
  const found = state.shards.find(shard);
  return found !== undefined && found.phase !== "leaving";
}

/** Whether all of the shard's tasks are known here, so that one that is not found is not there. */
export function isServing(state: EngineState, shard: number): boolean {
  return state.shards.find(shard)?.phase === "serving";
}

/** Whether a token or seq is of an owner after this one, who is fenced and has not learned it: what it is worth is not its to say. */
export function isOfLaterOwner(state: EngineState, shard: number, numberOf: number): boolean {
  const found = state.shards.find(shard);
  return found !== undefined && epochOf(numberOf) > found.epoch && isPlausible(found, numberOf);
}

/**
 * Whether a token was given by somebody else than this owner, though as far as it knows nobody else gives any: one of a later
 * owner, or of a time that the database does not know. A shard that leaves has a later owner at any moment.
 */
export function isForeign(state: EngineState, shard: number, token: number): boolean {
  const found = state.shards.find(shard);
  return found !== undefined && found.phase !== "leaving" && token > found.lastOrd && isPlausible(found, token);
}

function isPlausible({ epoch }: Shard, numberOf: number): boolean {
  return epochOf(numberOf) <= Math.min(epoch + EPOCHS_AHEAD, EPOCHS - 1) && numberOf % COUNTERS_PER_EPOCH > 0;
}

/** @throws TssError UNAVAILABLE: the same request is to be sent again, and finds the new owner. */
export function requireServing(state: EngineState, shard: number): void {
  if (!isServing(state, shard)) throw movedError();
}

/** What a caller is told whose shard is on its way to another coordinator. */
export function movedError(): TssError {
  return new TssError("UNAVAILABLE", "This has just moved to another coordinator; send the same request again.", {
    reason: "NOT_OWNER",
    retryAfterMs: 100,
  });
}

export function shardAt(state: EngineState, shard: number): Shard {
  const found = state.shards.find(shard);
  if (found === undefined) throw new Error(`shard ${shard} is not owned here`);
  return found;
}
