import { create, toBinary } from "@bufbuild/protobuf";
import { type Overview, StatsDeltaSchema, WatchStatsResponseSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import type { EngineState } from "../engine/state.ts";
import { type Judgement, judge, NOTHING_KNOWN, type OpenProblem } from "../kernel/problems/judge.ts";
import { Bucket, type PackedBucket } from "../kernel/stats/bucket.ts";
import { SECOND } from "../kernel/stats/resolution.ts";
import type { SlowerView, SystemView } from "../kernel/stats/view.ts";
import { ACTIVITY, type ActivityLog } from "./activity-log.ts";
import { Baselines } from "./baselines.ts";
import { DeltaMaker } from "./delta.ts";
import { Deploys } from "./deploys.ts";
import { encodeActivity } from "./encode.ts";
import { EVERYTHING, encodeBucket } from "./encode-bucket.ts";
import type { FailureBook } from "./failure-book.ts";
import { Feed } from "./feed.ts";
import { type QueueGauge, readWorkers, totalsOf, type WorkerGauges } from "./gauges.ts";
import { makeOverview } from "./make-overview.ts";
import { makeView } from "./make-view.ts";
import { mergeQueues, mergeWorkers } from "./merge-gauges.ts";
import { News } from "./news.ts";
import type { Others } from "./others.ts";
import type { OwnSecond } from "./sampler.ts";
import { storeHealth, worstHealth } from "./store-health.ts";
import type { Tracks } from "./tracks.ts";
import { WorkerNews } from "./worker-news.ts";

const HOUR_MS = 3_600_000;
/** Frames go on being made this long after the last watcher has left, for it to come back to. */
const WATCHED_MS = 120_000;
const CLOSED_KEPT_MS = 24 * HOUR_MS;
const CLOSED_KEPT = 200;

export interface BoardParts {
  readonly state: EngineState;
  /** What is counted at this coordinator. */
  readonly tracks: Tracks;
  readonly failures: FailureBook;
  readonly activity: ActivityLog;
  readonly others: Others;
}

export interface ClosedProblem {
  readonly problem: OpenProblem;
  readonly closedAt: number;
}

/**
 * The whole system as of the newest second, of all coordinators together: everything that pages, explanations and rules are
 * made of is made here, once, however many ask. While there is no other coordinator it is what was counted here, and no copy.
 */
export class Board {
  readonly feed = new Feed();
  readonly deploys = new Deploys();
  /** The last 15 min by the second; "" of all queues only. */
  readonly seconds: { readonly at: number; readonly bucket: PackedBucket }[] = [];
  closed: ClosedProblem[] = [];
  tracks: Tracks;
  /** Since when what is counted is known, at least. */
  knownSince: number;
  readonly #parts: BoardParts;
  readonly #baselines: Baselines;
  readonly #news: News;
  readonly #workerNews = new WorkerNews();
  readonly #delta = new DeltaMaker();
  #lastAt = 0;
  #gauges: ReadonlyMap<string, QueueGauge> = new Map();
  #workers: WorkerGauges;
  #slower: readonly SlowerView[] = [];
  #judgement: Judgement = NOTHING_KNOWN;
  #view: SystemView;
  #overview: { readonly view: SystemView; readonly message: Overview } | null = null;
  #watchedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: BoardParts) {
    const { state, activity, tracks } = parts;
    this.#parts = parts;
    this.tracks = tracks;
    this.knownSince = state.clock.now();
    this.#baselines = new Baselines(state.store.stats, state.clock, state.logger);
    this.#news = new News(state, activity);
    this.#workers = readWorkers(state);
    this.#view = this.#makeView(this.knownSince);
  }

  /** Problems that go on from before, or are over. */
  recall(problems: readonly OpenProblem[]): void {
    this.#judgement = { ...NOTHING_KNOWN, known: new Map(problems.map((problem) => [problem.id, problem])) };
  }

  /** Whether what is seen here is what there is here. */
  get isAlone(): boolean {
    return this.tracks === this.#parts.tracks && this.#parts.others.now().length === 0;
  }

  /** Whether this coordinator speaks for all of them. */
  get isHost(): boolean {
    return this.#news.isHost;
  }

  get view(): SystemView {
    return this.#view;
  }

  get problems(): readonly OpenProblem[] {
    return this.#judgement.open;
  }

  /** Puts what waits and runs together. @returns slots and workers as this coordinator is to store them: one of all does. */
  gather(gauges: ReadonlyMap<string, QueueGauge>, workers: WorkerGauges): ReturnType<typeof totalsOf> {
    const { state, others } = this.#parts;
    const samples = others.now();
    this.#gauges = gauges;
    this.#workers = workers;
    if (samples.length > 0) {
      this.#gauges = mergeQueues([gauges.values(), ...samples.map(({ queues }) => queues)]);
      this.#workers = mergeWorkers(
        [readWorkers(state, ({ polls }) => !polls), ...samples.map(({ streaming }) => streaming)],
        [readWorkers(state, ({ polls }) => polls), ...samples.map(({ polling }) => polling)],
      );
    }
    const { slotsUsed } = totalsOf(workers);
    return this.#news.isHost ? { ...totalsOf(this.#workers), slotsUsed } : { slots: 0, workers: 0, slotsUsed };
  }

  /** Looks again within a second. */
  look(now: number, gauges: ReadonlyMap<string, QueueGauge>, workers: WorkerGauges): void {
    this.gather(gauges, workers);
    this.#view = this.#makeView(now);
  }

  /** Ends a second, after `gather`. */
  turn(own: OwnSecond): void {
    const { at, now } = own;
    const seconds = this.#count(own);
    this.#lastAt = at;
    this.#keepSecond(at, seconds.get("") ?? {});
    this.#slower = this.#baselines.compare(this.tracks.types(null), this.#parts.activity.marks());
    this.#view = this.#makeView(now);
    this.#judge(this.#view);
    this.#tellNews(now);
    this.#publish(at, seconds);
  }

  /** @returns what happened, by queue; "" is all of them. */
  #count({ at, now, counted, seconds }: OwnSecond): ReadonlyMap<string, PackedBucket> {
    const { tracks: own, others } = this.#parts;
    if (this.tracks === own) {
      // From here on it is more than what is counted here.
      if (others.any) this.tracks = own.fork();
      return seconds;
    }
    if (at > this.#lastAt) this.tracks.turn(this.#lastAt, at);
    this.tracks.take(counted);
    for (const told of others.take()) this.tracks.take(told);
    this.tracks.sample(this.#gauges, now, totalsOf(this.#workers));
    return this.tracks.closeSecond(at);
  }

  #makeView(now: number): SystemView {
    const { state, others } = this.#parts;
    return makeView(state, {
      ...{ at: now, tracks: this.tracks, queues: this.#gauges, workers: this.#workers, slower: this.#slower },
      store: worstHealth([storeHealth(state), ...others.now().map(({ problem }) => problem)]),
      knownMs: now - this.knownSince,
    });
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

  #judge(view: SystemView): void {
    this.#judgement = judge(this.#judgement, view);
    for (const problem of this.#judgement.opened) this.#news.note(told(problem, "problem.open", problem.summary));
    for (const problem of this.#judgement.closed) {
      this.#news.note(told(problem, "problem.close", `Over: ${problem.summary}`));
      this.closed.unshift({ problem, closedAt: view.at });
    }
    this.closed = this.closed.filter(({ closedAt }) => view.at - closedAt < CLOSED_KEPT_MS).slice(0, CLOSED_KEPT);
  }

  #tellNews(now: number): void {
    const { activity, state } = this.#parts;
    for (const entry of this.deploys.look(this.#workers.pools.values(), now)) this.#news.note(entry);
    for (const { here, ...entry } of this.#workerNews.look(state.sessions.values(), now))
      if (here) activity.note(entry);
      else this.#news.note(entry);
    this.#news.turn();
  }

  #keepSecond(at: number, bucket: PackedBucket): void {
    this.seconds.push({ at, bucket });
    while ((this.seconds[0]?.at ?? at) < at - SECOND.keptMs) this.seconds.shift();
  }
}

function told({ subject, code, severity, evidence }: OpenProblem, action: string, summary: string) {
  return { kind: ACTIVITY.problem, action, subject, summary, detail: { code, severity, ...evidence } };
}
