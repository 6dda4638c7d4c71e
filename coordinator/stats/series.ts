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
import { encodeActivity } from "./encode.ts";
import { encodeBucket } from "./encode-bucket.ts";
import { ALL, keyOf } from "./key.ts";
import { ReadCache } from "./read-cache.ts";
import type { Sampler } from "./sampler.ts";

const HOUR_MS = 3_600_000;
const ROWS = 200_000;
const MARKS = 200;
/** Finer rows than these are not read more often than this, whoever asks. */
const KEPT_MS = 5_000;
const KEPT_ANSWERS = 200;

/** Answers how things went, from what is stored and what is counted in the open buckets. */
export class Series {
  readonly #stats: StatsStore;
  readonly #sampler: Sampler;
  readonly #rows = new ReadCache<readonly RollupRow[]>(KEPT_MS, KEPT_ANSWERS);
  readonly #marks = new ReadCache<Awaited<ReturnType<StatsStore["activity"]>>>(KEPT_MS, KEPT_ANSWERS);

  constructor(stats: StatsStore, sampler: Sampler) {
    this.#stats = stats;
    this.#sampler = sampler;
  }

  /** @param request within its limits. */
  async read(request: GetSeriesRequest, now: number): Promise<GetSeriesResponse> {
    const to = request.to === undefined ? now : timestampMs(request.to);
    const from = request.from === undefined ? to - HOUR_MS : timestampMs(request.from);
    const key = keyOf(request.queue === "" ? null : request.queue, request.type ?? null);
    // After a restart what lies before it is known from the store only.
    const bySecond = key === ALL && (this.#sampler.seconds[0]?.at ?? now) <= from;
    const plan = planSeries(from, to, now, request.points || LIMITS.seriesPointsDefault, bySecond);
    const found = plan.resolution === SECOND ? this.#fromMemory(plan) : await this.#fromStore(key, plan, now);
    // What ended in a bucket after the last look is not counted in it yet.
    const looked = Math.min(now, this.#sampler.lastAt);
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
    for (const { at, bucket } of this.#sampler.seconds)
      if (at >= plan.fromMs && at < plan.toMs) addTo(found, plan, at, bucket, true);
    return found;
  }

  async #fromStore(key: string, plan: SeriesPlan, now: number): Promise<Found> {
    const sampler = this.#sampler;
    const keys = key === ALL ? [ALL] : [ALL, key];
    const resolutionMs = plan.resolution.ms;
    const query = { keys: { in: keys }, resolutionMs, from: plan.fromMs, to: plan.toMs, limit: ROWS };
    const rows = await this.#rows.get(JSON.stringify(query), now, () => this.#stats.rollups(query));
    const openAt = Math.floor(sampler.lastAt / resolutionMs) * resolutionMs;
    const found: Found = { known: new Set(), buckets: new Map() };
    for (const row of rows) {
      // The bucket under way is newer in memory.
      if (row.owner === sampler.owner && row.at === openAt) continue;
      addTo(found, plan, row.at, JSON.parse(row.body) as PackedBucket, row.key === key);
    }
    if (openAt < plan.fromMs || openAt >= plan.toMs) return found;
    for (const open of keys) {
      const bucket = sampler.tracks.find(open)?.open(resolutionMs).pack();
      if (bucket !== undefined) addTo(found, plan, openAt, bucket, open === key);
    }
    return found;
  }

  #marksOf(plan: SeriesPlan, now: number) {
    const query = { before: 0, limit: 1_000, kinds: [ACTIVITY.action, ACTIVITY.deploy], keyId: "", subject: "" };
    const range = { ...query, from: plan.fromMs, to: plan.toMs };
    return this.#marks.get(JSON.stringify(range), now, async () =>
      (await this.#stats.activity(range)).filter(isMark).slice(0, MARKS).reverse(),
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
