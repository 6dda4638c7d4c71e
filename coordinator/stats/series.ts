import { create } from "@bufbuild/protobuf";
import {
  type GetSeriesRequest,
  type GetSeriesResponse,
  GetSeriesResponseSchema,
  type SeriesBucket,
} from "../../proto/gen/tss/v1/stats_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { Bucket, GAUGE, type PackedBucket } from "../kernel/stats/bucket.ts";
import { planSeries, SECOND, type SeriesPlan } from "../kernel/stats/resolution.ts";
import { timestampMs, toDuration, toTimestamp } from "../kernel/time.ts";
import type { RollupRow, StatsStore } from "../ports/stats-store.ts";
import { ACTIVITY, isMark } from "./activity-log.ts";
import type { Board } from "./board.ts";
import { encodeActivity } from "./encode.ts";
import { encodeBucket } from "./encode-bucket.ts";
import { ALL, keyOf } from "./key.ts";
import { ReadCache } from "./read-cache.ts";
import type { Sampler } from "./sampler.ts";
import type { Tracks } from "./tracks.ts";

const HOUR_MS = 3_600_000;
const ROWS = 200_000;
const MARKS = 200;
/** Finer rows than these are not read more often than this, whoever asks. */
const KEPT_MS = 5_000;
const KEPT_ANSWERS = 200;
/** The same of what is counted in the buckets under way. */
const OPEN_MS = 1_000;

/** What a coordinator has counted in the buckets under way: the store does not have them yet. */
export interface OpenBuckets {
  /** Its number among the owners of rollups. */
  readonly owner: number;
  /** When they began. */
  readonly at: number;
  readonly buckets: ReadonlyMap<string, PackedBucket>;
}

/** Asks every other coordinator; those that do not answer are left out. */
export type OpenElsewhere = (keys: readonly string[], resolutionMs: number) => Promise<readonly OpenBuckets[]>;

export interface SeriesParts {
  readonly stats: StatsStore;
  readonly sampler: Sampler;
  readonly tracks: Tracks;
  readonly owner: number;
  readonly board: Board;
}

/** Answers how things went, from what is stored and what is counted in the open buckets. */
export class Series {
  /** Of the other coordinators; none until there are such. */
  elsewhere: OpenElsewhere = async () => [];
  readonly #parts: SeriesParts;
  readonly #open = new ReadCache<readonly OpenBuckets[]>(OPEN_MS, KEPT_ANSWERS);
  readonly #rows = new ReadCache<readonly RollupRow[]>(KEPT_MS, KEPT_ANSWERS);
  readonly #marks = new ReadCache<Awaited<ReturnType<StatsStore["activity"]>>>(KEPT_MS, KEPT_ANSWERS);

  constructor(parts: SeriesParts) {
    this.#parts = parts;
  }

  /** What is counted here in the buckets under way. */
  open(keys: readonly string[], resolutionMs: number): OpenBuckets {
    const { tracks, owner, sampler } = this.#parts;
    const buckets = new Map<string, PackedBucket>();
    for (const key of keys) {
      const bucket = tracks.find(key)?.open(resolutionMs).pack();
      if (bucket !== undefined) buckets.set(key, bucket);
    }
    return { owner, at: Math.floor(sampler.lastAt / resolutionMs) * resolutionMs, buckets };
  }

  /** @param request within its limits. */
  async read(request: GetSeriesRequest, now: number): Promise<GetSeriesResponse> {
    const to = request.to === undefined ? now : timestampMs(request.to);
    const from = request.from === undefined ? to - HOUR_MS : timestampMs(request.from);
    const key = keyOf(request.queue === "" ? null : request.queue, request.type ?? null);
    // After a restart what lies before it is known from the store only.
    const bySecond = key === ALL && (this.#parts.board.seconds[0]?.at ?? now) <= from;
    const plan = planSeries(from, to, now, request.points || LIMITS.seriesPointsDefault, bySecond);
    const found = plan.resolution === SECOND ? this.#fromMemory(plan) : await this.#fromStore(key, plan, now);
    // What ended in a bucket after the last look is not counted in it yet.
    const looked = Math.min(now, this.#parts.sampler.lastAt);
    const options = { metrics: request.metrics, histograms: !request.withoutHistograms, whole: key === ALL };
    const buckets: SeriesBucket[] = [];
    const sum = new Bucket();
    let seconds = 0;
    for (const at of [...found.known].sort((a, b) => a - b)) {
      const bucket = found.buckets.get(at) ?? new Bucket();
      const length = lengthOf(at, plan.bucketMs, now);
      buckets.push(encodeBucket(bucket, at, length, at + plan.bucketMs <= looked, options));
      sum.merge(bucket.pack());
      seconds += length;
    }
    const response = create(GetSeriesResponseSchema, { bucket: toDuration(plan.bucketMs), buckets });
    const [start, end] = [toTimestamp(plan.fromMs), toTimestamp(plan.toMs)];
    if (start !== undefined) response.from = start;
    if (end !== undefined) response.to = end;
    response.total = encodeBucket(sum, plan.fromMs, seconds, plan.toMs <= looked, options);
    response.marks = (await this.#marksOf(plan, now)).map(encodeActivity);
    return response;
  }

  #fromMemory(plan: SeriesPlan): Found {
    const found: Found = { known: new Set(), buckets: new Map() };
    for (const { at, bucket } of this.#parts.board.seconds)
      if (at >= plan.fromMs && at < plan.toMs) addTo(found, plan, at, bucket, true);
    return found;
  }

  async #fromStore(key: string, plan: SeriesPlan, now: number): Promise<Found> {
    const keys = key === ALL ? [ALL] : [ALL, key];
    const resolutionMs = plan.resolution.ms;
    const query = { keys: { in: keys }, resolutionMs, from: plan.fromMs, to: plan.toMs, limit: ROWS };
    const rows = await this.#rows.get(JSON.stringify(query), now, () => this.#parts.stats.rollups(query));
    const isNow = now >= plan.fromMs && now - resolutionMs < plan.toMs;
    const elsewhere = isNow ? await this.#openElsewhere(keys, resolutionMs, now) : [];
    const parts = [this.open(keys, resolutionMs), ...elsewhere];
    const found: Found = { known: new Set(), buckets: new Map() };
    for (const row of rows) {
      // The bucket under way is newer in the memory of who counts it.
      if (parts.some(({ owner, at }) => row.owner === owner && row.at === at)) continue;
      addTo(found, plan, row.at, JSON.parse(row.body) as PackedBucket, row.key === key);
    }
    for (const { at, buckets } of parts) {
      if (at < plan.fromMs || at >= plan.toMs) continue;
      for (const [open, bucket] of buckets) addTo(found, plan, at, bucket, open === key);
    }
    return found;
  }

  #openElsewhere(keys: readonly string[], resolutionMs: number, now: number): Promise<readonly OpenBuckets[]> {
    return this.#open.get(JSON.stringify([keys, resolutionMs]), now, () => this.elsewhere(keys, resolutionMs));
  }

  #marksOf(plan: SeriesPlan, now: number) {
    const query = { before: 0, limit: 1_000, kinds: [ACTIVITY.action, ACTIVITY.deploy], keyId: "", subject: "" };
    const range = { ...query, from: plan.fromMs, to: plan.toMs };
    return this.#marks.get(JSON.stringify(range), now, async () =>
      (await this.#parts.stats.activity(range)).filter(isMark).slice(0, MARKS).reverse(),
    );
  }
}

interface Found {
  /** Buckets in which some coordinator ran. */
  readonly known: Set<number>;
  readonly buckets: Map<number, Bucket>;
}

/** @param wanted false: the row only says that somebody looked. */
function addTo(found: Found, plan: SeriesPlan, at: number, packed: PackedBucket, wanted: boolean): void {
  const start = Math.floor(at / plan.bucketMs) * plan.bucketMs;
  if ((packed.gauges?.[GAUGE.samples] ?? 0) > 0 || wanted) found.known.add(start);
  if (!wanted) return;
  const bucket = found.buckets.get(start) ?? new Bucket();
  bucket.merge(packed);
  found.buckets.set(start, bucket);
}

/** Seconds of a bucket that have passed. */
function lengthOf(at: number, bucketMs: number, now: number): number {
  return Math.max(Math.min(bucketMs, now - at), 1_000) / 1_000;
}
