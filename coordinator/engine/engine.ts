import { hostname } from "node:os";
import { TssError } from "../../proto/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { systemTimers, type Timers } from "../../runtime/timers.ts";
import { noTracer, type TaskTracer } from "../../runtime/tracing.ts";
import { ALONE, type Place } from "../kernel/queue-share.ts";
import { createIdCodec } from "../kernel/task-id.ts";
import type { OwnedShard, Store } from "../ports/store.ts";
import { FencedError, StoreLostError } from "../ports/store-errors.ts";
import { adoptShards } from "./adopt-shards.ts";
import { Changes } from "./changes.ts";
import { committed } from "./committed.ts";
import { Duties } from "./duties.ts";
import { expireTasks, newExpiryMarks } from "./expiry.ts";
import { Flusher } from "./flusher.ts";
import { ItemIndex } from "./item-index.ts";
import { checkOwner, reclaim, rotate, takeDue, writeCheckpoints } from "./janitor.ts";
import { LockClock } from "./lock-clock.ts";
import { failLockCalls, resumeLocks } from "./locks.ts";
import { SessionSweep } from "./lose.ts";
import { openSegment } from "./open-segment.ts";
import { isAwayTooLong, watchOutages } from "./outage.ts";
import { emptyPending } from "./pending.ts";
import { readQueues } from "./read-queues.ts";
import { RecentEnds } from "./recent-ends.ts";
import { recover } from "./recover.ts";
import { refillServed } from "./refill.ts";
import { refreshCatalog } from "./refresh-catalog.ts";
import { releaseShards } from "./release-shards.ts";
import { SegmentMap } from "./segments.ts";
import { Shard } from "./shard.ts";
import { ShardSet } from "./shard-set.ts";
import type { EngineConfig, EngineObserver, EngineState } from "./state.ts";
import { addLane } from "./submit.ts";
import { TaskLocks } from "./task-locks.ts";
import { TaskReader } from "./task-reader.ts";
import { tellCoordinators } from "./tell-coordinators.ts";
import { openRooms, setPlace } from "./throttle.ts";
import { Wheel } from "./wheel.ts";

export interface EngineOptions {
  readonly store: Store;
  readonly config: EngineConfig;
  readonly clock: Clock;
  /** Absent: those of the process. */
  readonly timers?: Timers;
  readonly logger: Logger;
  readonly observer: EngineObserver;
  /** Absent: tasks are not traced. */
  readonly tracer?: TaskTracer;
  /** 0 ≤ chance < 1. */
  readonly chance?: () => number;
  readonly failpoint?: (name: string) => void;
  /** Whether a test has planted a bug of this name; absent: none is. */
  readonly planted?: (name: string) => boolean;
  /** Address workers and people reach this coordinator at, for the owner's mark. */
  readonly address: string;
  /** Fences a living owner instead of refusing to start. */
  readonly takeover?: boolean;
  /** The process is a member among several: it begins without shards, and is given some by `adopt`. */
  readonly shared?: boolean;
  /** Called once when another owner has taken over or the store cannot be trusted any more. */
  readonly onStopped: (error: Error) => void;
}

const DUE_MS = 10_000;
/** Settings of queues that another coordinator changed are read at once when it could tell, and this often when not. */
const QUEUES_MS = 5_000;
const EXPIRE_MS = 1_000;
const ROTATE_MS = 1_000;
/** How soon an owner that writes nothing learns that it is one no more. */
const OWNER_MS = 1_000;

/** The owner of this installation's shards: claims them, recovers, and runs until it is stopped or fenced. */
export class Engine {
  readonly state: EngineState;
  readonly #flusher: Flusher;
  readonly #sweep: SessionSweep;
  /** The opening under way, for whoever else asks for it. */
  #opening: Promise<void> | null = null;
  #unwatch: () => void = () => {};
  readonly #duties: Duties;
  readonly #options: EngineOptions;

  private constructor(options: EngineOptions, state: EngineState) {
    this.#options = options;
    this.state = state;
    this.#flusher = new Flusher(state, (error) => this.#stopped(error));
    state.wake = () => this.#flusher.wake();
    state.lost = (error) => this.#stopped(error);
    if (options.shared) state.refresh = () => refreshCatalog(state, this.#flusher);
    this.#sweep = new SessionSweep(state);
    this.#duties = new Duties(state, async (error) => {
      if (await this.#isFenced()) this.#stopped(error);
    });
    state.watchOrphan = (item) => this.#sweep.watch([item]);
  }

  /**
   * @throws OwnedError another living coordinator owns the database.
   * @throws StoreUnavailableError the database cannot be used.
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const { store, clock, timers = systemTimers } = options;
    const owner = `${hostname()} pid ${process.pid} at ${options.address}`;
    const owned = options.shared ? [] : await store.claim(owner, options.takeover ?? false);
    const meta = await store.catalog.meta();
    const shards = new ShardSet(meta.shards);
    for (const { shard, epoch } of owned) shards.add(new Shard(shard, epoch));
    const segments = new SegmentMap();
    const state: EngineState = {
      config: options.config,
      clock,
      timers,
      chance: options.chance ?? Math.random,
      logger: options.logger,
      store,
      observer: options.observer,
      tracer: options.tracer ?? noTracer,
      failpoint: options.failpoint ?? (() => {}),
      planted: options.planted ?? (() => false),
      ids: createIdCodec(meta.salt),
      segments,
      reader: new TaskReader(store, segments, timers),
      wheel: new Wheel(clock, timers),
      lockClock: new LockClock(clock, () => state.storeProblem !== null || isAwayTooLong(state), timers),
      taskLocks: new TaskLocks(options.config.leaseTtlMs * 2),
      changes: new Changes(),
      shards,
      lanes: new Map(),
      laneIds: new Map(),
      queues: new Map((await store.catalog.queues()).map((queue) => [queue.name, queue])),
      place: ALONE,
      rooms: new Map(),
      items: new ItemIndex(),
      sessions: new Map(),
      pastSessions: new Map(),
      announced: new Map(),
      orphans: new Map(),
      shared: options.shared ?? false,
      coordinators: [],
      profiles: new Map(),
      pending: emptyPending(),
      listed: new Set(),
      ready: new Set(),
      recentEnds: new RecentEnds(),
      memory: { heads: 0, bytes: 0 },
      lockEntries: 0,
      placing: { shard: -1, left: 0, until: 0 },
      segmentRows: 0,
      flushCommitted: 0,
      flushMaking: 0,
      flushSince: 0,
      laterUntil: 0,
      laterReading: 0,
      departed: new Set(),
      changingQueue: Promise.resolve(),
      checkpointing: Promise.resolve(),
      expiry: newExpiryMarks(),
      stopped: null,
      waiting: new Set(),
      storeProblem: null,
      refresh: async () => {},
      recovering: 0,
      storeAwaySince: 0,
      flushBegan: 0,
      wroteAt: 0,
      lost: () => {},
      watchOrphan: () => {},
      wake: () => {},
    };
    const engine = new Engine(options, state);
    await engine.#begin();
    return engine;
  }

  async #begin(): Promise<void> {
    const { state } = this;
    const { store } = state;
    openRooms(state);
    for (const { lane, key } of await store.catalog.lanes()) addLane(state, lane, key);
    if (!this.#options.shared) await this.openSegment();
    const { later, expired } = await recover(state, [...state.shards]);
    state.laterUntil = later;
    state.expiry.until = expired;
    await takeDue(state);
    for (const shard of state.shards) {
      shard.phase = "serving";
      resumeLocks(state, shard);
    }
    this.#sweep.start();
    state.lockClock.start();
    this.#unwatch = watchOutages(state);
    this.#duties.every("checkpoint", state.config.checkpointMs, () => writeCheckpoints(state, this.#flusher));
    this.#duties.every("owner", OWNER_MS, () => checkOwner(state, OWNER_MS));
    this.#duties.every("due", Math.min(DUE_MS, state.config.horizonMs / 4), () => takeDue(state));
    this.#duties.every("expire", EXPIRE_MS, () => expireTasks(state));
    this.#duties.every("rotate", Math.min(ROTATE_MS, state.config.janitorMs), () => rotate(state, this.#flusher));
    this.#duties.every("reclaim", state.config.janitorMs, () => reclaim(state, this.#flusher));
    if (this.#options.shared) this.#duties.every("queues", QUEUES_MS, () => this.readQueues());
    this.#duties.every("refill", 1_000, async () => refillServed(state));
    this.#duties.every("task locks", state.taskLocks.ttlMs / 4, () => state.taskLocks.renew());
    state.wake();
  }

  /** Goes on with the newest segment, or opens the first; with several owners each has one of its own. */
  openSegment(): Promise<void> {
    this.#opening ??= openSegment(this.state, this.#options.shared === true).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Settings of queues, as another coordinator may have changed them. */
  readQueues(): Promise<void> {
    return readQueues(this.state);
  }

  /** Takes up shards that the store has given to this member. */
  adopt(taken: readonly OwnedShard[]): Promise<void> {
    return adoptShards(this.state, this.#flusher, this.#sweep, taken);
  }

  /** Which coordinators there are, and which of them this one is. */
  tellCoordinators(addresses: readonly string[], place: Place): void {
    setPlace(this.state, place);
    tellCoordinators(this.state, addresses);
  }

  /** Hands shards over in good order. */
  release(shards: readonly number[]): Promise<void> {
    return releaseShards(this.state, this.#flusher, shards);
  }

  /** A duty of one of several owners may have been overtaken by a shard that was handed over meanwhile. */
  async #isFenced(): Promise<boolean> {
    const { state } = this;
    if (!state.shared) return true;
    let fenced = false;
    const ask = () => state.store.checkOwner(state.shards.owners);
    await this.#flusher.between(ask).catch((error: unknown) => {
      fenced = error instanceof FencedError;
    });
    return fenced;
  }

  /** Writes what is decided, marks the place for the next owner, and stops. The store stays open. */
  async stop(): Promise<void> {
    if (this.state.stopped !== null) return;
    if (this.state.storeProblem === null)
      await committed(this.state)
        .then(() => writeCheckpoints(this.state, this.#flusher))
        .catch((error: Error) => {
          // Who learns only now that another has taken over has nothing to leave behind.
          if (this.state.stopped !== null) return;
          const said = "the last checkpoint was not written; the next start reads a little more";
          this.state.logger.warn({ error: error.message }, said);
        });
    if (this.state.stopped !== null) return this.#flusher.idle();
    this.#halt("This coordinator is stopping; send the same request again.");
    await this.#flusher.idle();
  }

  #stopped(error: Error): void {
    if (this.state.stopped !== null) return;
    const why =
      error instanceof StoreLostError ? "This coordinator has lost its database" : "Another coordinator has taken over";
    this.#halt(`${why}; send the same request again.`);
    this.#options.onStopped(error);
  }

  #halt(sentence: string): void {
    const error = new TssError("UNAVAILABLE", sentence, { reason: "STOPPING", retryAfterMs: 500 });
    this.state.stopped = error;
    for (const tell of this.state.waiting) tell(error);
    this.state.waiting.clear();
    for (const shard of this.state.shards) failLockCalls(shard, error);
    this.#unwatch();
    this.#sweep.stop();
    this.state.lockClock.stop();
    this.state.wheel.close();
    this.#duties.stop();
    this.#flusher.stop();
    this.state.shards.tellServed();
  }
}
