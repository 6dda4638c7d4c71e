import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Overview, StatsDeltaSchema, WatchStatsResponseSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import type { EngineState } from "../engine/state.ts";
import { type Judgement, judge, NOTHING_KNOWN, type OpenProblem } from "../kernel/problems/judge.ts";
import { Bucket, type PackedBucket } from "../kernel/stats/bucket.ts";
import { SECOND } from "../kernel/stats/resolution.ts";
import type { SlowerView, SystemView } from "../kernel/stats/view.ts";
import { ACTIVITY, type ActivityLog } from "./activity-log.ts";
import { Baselines } from "./baselines.ts";
import type { Cells } from "./cells.ts";
import { DeltaMaker } from "./delta.ts";
import { Deploys } from "./deploys.ts";
import { encodeActivity } from "./encode.ts";
import { EVERYTHING, encodeBucket } from "./encode-bucket.ts";
import type { FailureBook } from "./failure-book.ts";
import { Feed } from "./feed.ts";
import { type QueueGauge, readQueues, readWorkers, type WorkerGauges } from "./gauges.ts";
import { makeOverview } from "./make-overview.ts";
import { makeView } from "./make-view.ts";
import type { RollupWriter } from "./rollup-writer.ts";
import { Tracks } from "./tracks.ts";
import { WorkerNews } from "./worker-news.ts";

/** Reading the gauges may take this share of the time; where it costs more, it is done less often. */
const GAUGE_SHARE = 0.01;
/** The same for readings that somebody asks for. */
const REFRESH_SHARE = 0.05;
const HOUR_MS = 3_600_000;
/** How often the hour under way is stored, so that a crash costs a chart no more than this. */
const SAVE_HOUR_MS = 300_000;
const PRUNE_MS = 600_000;
/** Frames go on being made this long after the last watcher has left, for it to come back to. */
const WATCHED_MS = 120_000;
const CLOSED_KEPT_MS = 24 * HOUR_MS;
const CLOSED_KEPT = 200;

export interface SamplerParts {
  readonly state: EngineState;
  readonly cells: Cells;
  readonly failures: FailureBook;
  readonly activity: ActivityLog;
  readonly writer: RollupWriter;
}

export interface ClosedProblem {
  readonly problem: OpenProblem;
  readonly closedAt: number;
}

/**
 * Looks once a second: takes what was counted, reads what waits and runs, judges it, and keeps it. Everything that pages,
 * metrics and rules show is made here, once, however many ask.
 */
export class Sampler {
  /** Number of this run among the owners of rollups. */
  readonly owner = randomBytes(6).readUIntBE(0, 6);
  readonly tracks = new Tracks();
  readonly feed = new Feed();
  readonly baselines: Baselines;
  readonly deploys = new Deploys();
  /** The last 15 min by the second; "" of all queues only. */
  readonly seconds: { readonly at: number; readonly bucket: PackedBucket }[] = [];
  closed: ClosedProblem[] = [];
  readonly #parts: SamplerParts;
  readonly #startedAt: number;
  readonly #news = new WorkerNews();
  readonly #delta = new DeltaMaker();
  #lastAt = 0;
  #gauges: ReadonlyMap<string, QueueGauge> = new Map();
  #workers: WorkerGauges;
  #readAgainAt = 0;
  #readTookMs = 0;
  /** What the cheaper of the last two readings took: one that the machine has held up says nothing of what they cost. */
  #readCostMs = 0;
  #slower: readonly SlowerView[] = [];
  #judgement: Judgement = NOTHING_KNOWN;
  #view: SystemView | null = null;
  #overview: { readonly view: SystemView; readonly message: Overview } | null = null;
  #watchedAt = Number.NEGATIVE_INFINITY;
  #savedHourAt: number;
  #prunedAt: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    const { clock, store } = parts.state;
    this.#startedAt = clock.now();
    this.#savedHourAt = this.#startedAt;
    this.#prunedAt = this.#startedAt;
    this.#workers = readWorkers(parts.state);
    this.baselines = new Baselines(store.stats, clock, parts.state.logger);
  }

  start(): void {
    this.sample();
    const wind = () => {
      this.#timer = setTimeout(
        () => {
          this.sample();
          wind();
        },
        1_000 - (this.#parts.state.clock.now() % 1_000),
      );
      this.#timer.unref();
    };
    wind();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Stores what is counted in the open buckets: nothing more comes. */
  keep(): void {
    this.sample();
    const rollups = [10_000, 60_000, HOUR_MS].flatMap((ms) => this.tracks.openRows(ms, this.#lastAt, this.owner));
    const failed = this.#parts.failures.closeMinute(this.#lastAt, this.owner);
    this.#parts.writer.tell({
      kind: "save",
      rollups: [...rollups, ...failed.rollups],
      failures: failed.failures,
    });
  }

  /** The newest second. */
  get view(): SystemView {
    if (this.#view === null) this.sample();
    return this.#view as SystemView;
  }

  get gauges(): ReadonlyMap<string, QueueGauge> {
    if (this.#view === null) this.sample();
    return this.#gauges;
  }

  /** Looks again between two seconds, unless looking is dear: what was just committed is seen. */
  refresh(): void {
    const now = this.#parts.state.clock.now();
    if (this.#view === null || Math.abs(now - this.#view.at) < this.#readCostMs / REFRESH_SHARE) return;
    this.look();
  }

  /** Looks again between two seconds, whatever that costs. */
  look(): void {
    const now = this.#parts.state.clock.now();
    this.#readAgainAt = 0;
    this.#readGauges(now);
    this.#makeView(now);
  }

  get problems(): readonly OpenProblem[] {
    return this.#judgement.open;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  /** Ends the second that has passed. */
  sample(): void {
    const { state, cells } = this.#parts;
    const now = state.clock.now();
    const at = Math.max(Math.floor(now / 1_000) * 1_000 - 1_000, this.#lastAt);
    if (this.#lastAt > 0 && at > this.#lastAt) this.#closeBuckets(at);
    this.tracks.take(cells);
    this.#readGauges(now);
    this.tracks.sample(this.#gauges, now, totalsOf(this.#workers));
    const seconds = this.tracks.closeSecond(at);
    this.#keepSecond(at, seconds.get("") ?? {});
    this.#lastAt = at;
    this.#slower = this.baselines.compare(this.tracks.types(null), this.#parts.activity.marks());
    this.#judge(this.#makeView(now));
    this.#tellNews(this.#workers, now);
    this.#publish(at, seconds);
  }

  #makeView(now: number): SystemView {
    const { tracks } = this;
    const parts = { queues: this.#gauges, workers: this.#workers, slower: this.#slower };
    const view = makeView(this.#parts.state, { at: now, tracks, ...parts, knownMs: now - this.#startedAt });
    this.#view = view;
    return view;
  }

  /** Everything as of the newest second, made when it is first asked for. */
  overview(): Overview {
    const { view } = this;
    if (this.#overview?.view === view) return this.#overview.message;
    const { activity, failures } = this.#parts;
    const message = makeOverview({ view, problems: this.problems, tracks: this.tracks, activity, failures });
    this.#overview = { view, message };
    return message;
  }

  /** Frames for one watcher. */
  watch(cursor: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.#watchedAt = this.#parts.state.clock.monotonic();
    return this.feed.watch(cursor, () => this.#snapshot(), signal);
  }

  #snapshot(): Uint8Array {
    const frame = { case: "snapshot" as const, value: this.overview() };
    return toBinary(WatchStatsResponseSchema, create(WatchStatsResponseSchema, { cursor: this.feed.cursor, frame }));
  }

  #publish(at: number, seconds: ReadonlyMap<string, PackedBucket>): void {
    const now = this.#parts.state.clock.monotonic();
    if (this.feed.watchers > 0) this.#watchedAt = now;
    const fresh = this.#parts.activity.takeFresh();
    if (now - this.#watchedAt > WATCHED_MS) return;
    const delta = this.#delta.make(this.overview());
    delta.marks = fresh.map(encodeActivity);
    for (const [queue, packed] of seconds) {
      const bucket = new Bucket();
      bucket.merge(packed);
      const second = encodeBucket(bucket, at, 1, true, { ...EVERYTHING, whole: queue === "" });
      if (queue === "") delta.second = second;
      else delta.queueSeconds[queue] = second;
    }
    const frame = { case: "delta" as const, value: create(StatsDeltaSchema, delta) };
    const message = create(WatchStatsResponseSchema, { cursor: this.feed.nextCursor, frame });
    this.feed.publish(toBinary(WatchStatsResponseSchema, message));
  }

  #readGauges(now: number): void {
    const { state } = this.#parts;
    this.#workers = readWorkers(state);
    // A clock that was set back must not hold the next reading up.
    if (now < this.#readAgainAt && this.#readAgainAt - now < 60_000) return;
    const began = performance.now();
    this.#gauges = readQueues(state);
    const tookMs = performance.now() - began;
    this.#readCostMs = Math.min(tookMs, this.#readTookMs);
    this.#readTookMs = tookMs;
    this.#readAgainAt = now + this.#readCostMs / GAUGE_SHARE - 500;
  }

  #judge(view: SystemView): void {
    this.#judgement = judge(this.#judgement, view);
    const { activity } = this.#parts;
    for (const problem of this.#judgement.opened) activity.note(told(problem, "problem.open", problem.summary));
    for (const problem of this.#judgement.closed) {
      activity.note(told(problem, "problem.close", `Over: ${problem.summary}`));
      this.closed.unshift({ problem, closedAt: view.at });
    }
    this.closed = this.closed.filter(({ closedAt }) => view.at - closedAt < CLOSED_KEPT_MS).slice(0, CLOSED_KEPT);
  }

  #tellNews(workers: WorkerGauges, now: number): void {
    const { activity, state } = this.#parts;
    for (const entry of this.deploys.look(workers.pools.values(), now)) activity.note(entry);
    for (const entry of this.#news.look(state.sessions.values(), now)) activity.note(entry);
  }

  #keepSecond(at: number, bucket: PackedBucket): void {
    this.seconds.push({ at, bucket });
    while ((this.seconds[0]?.at ?? at) < at - SECOND.keptMs) this.seconds.shift();
  }

  #closeBuckets(nextAt: number): void {
    const { writer, failures } = this.#parts;
    const lastAt = this.#lastAt;
    const rollups = this.tracks.closeBuckets(lastAt, nextAt, this.owner);
    const failed =
      Math.floor(lastAt / 60_000) === Math.floor(nextAt / 60_000)
        ? { rollups: [], failures: [] }
        : failures.closeMinute(lastAt, this.owner);
    if (nextAt - this.#savedHourAt >= SAVE_HOUR_MS) {
      this.#savedHourAt = nextAt;
      rollups.push(...this.tracks.openRows(HOUR_MS, nextAt, this.owner));
    }
    const all = [...rollups, ...failed.rollups];
    if (all.length > 0) writer.tell({ kind: "save", rollups: all, failures: failed.failures });
    if (nextAt - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = nextAt;
    writer.tell({ kind: "prune", now: nextAt });
  }
}

function totalsOf({ pools }: WorkerGauges) {
  const totals = { slots: 0, slotsUsed: 0, workers: 0 };
  for (const pool of pools.values()) {
    totals.slots += pool.slots;
    totals.slotsUsed += pool.slotsUsed;
    totals.workers += pool.workers;
  }
  return totals;
}

function told({ subject, code, severity, evidence }: OpenProblem, action: string, summary: string) {
  return { kind: ACTIVITY.problem, action, subject, summary, detail: { code, severity, ...evidence } };
}
