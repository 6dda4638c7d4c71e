import { create } from "@bufbuild/protobuf";
import {
  BacklogSchema,
  CapacitySchema,
  FlowCountsSchema,
  HistogramSchema,
  type Latency,
  type SeriesBucket,
  SeriesBucketSchema,
  SeriesMetric,
} from "../../proto/gen/tss/v1/stats_pb.js";
import { type Bucket, GAUGE, type GaugeName } from "../kernel/stats/bucket.ts";
import type { Histogram } from "../kernel/stats/histogram.ts";
import { viewFlow, viewLatency } from "../kernel/stats/view.ts";
import { toDuration, toTimestamp } from "../kernel/time.ts";
import { encodeLatency } from "./encode.ts";

export interface BucketOptions {
  /** Empty: all. */
  readonly metrics: readonly SeriesMetric[];
  readonly histograms: boolean;
  /** Of everything, and not of one queue or type. */
  readonly whole: boolean;
}

export const EVERYTHING: BucketOptions = { metrics: [], histograms: true, whole: true };

/** @param seconds length of the bucket: what the means of gauges are taken over, as far as there are samples. */
export function encodeBucket(
  bucket: Bucket,
  start: number,
  seconds: number,
  complete: boolean,
  { metrics, histograms, whole }: BucketOptions,
): SeriesBucket {
  const wanted = (metric: SeriesMetric) => metrics.length === 0 || metrics.includes(metric);
  const message = create(SeriesBucketSchema, { complete });
  const at = toTimestamp(start);
  if (at !== undefined) message.start = at;
  if (wanted(SeriesMetric.FLOW)) message.flow = encodeFlow(bucket);
  if (wanted(SeriesMetric.WAIT)) message.wait = encodeHistogram(bucket.wait, histograms);
  if (wanted(SeriesMetric.RUN)) message.run = encodeHistogram(bucket.run, histograms);
  const mean = meanOf(bucket, seconds);
  if (wanted(SeriesMetric.BACKLOG)) {
    const oldest = bucket.gauges[GAUGE.oldestMs] as number;
    message.backlog = create(BacklogSchema, {
      ...{ ready: mean("ready"), running: mean("running"), held: mean("held") },
      ...(oldest === 0 ? {} : { oldestReadyAge: toDuration(oldest) }),
    });
  }
  if (!whole) return message;
  if (wanted(SeriesMetric.CAPACITY))
    message.capacity = create(CapacitySchema, {
      ...{ slots: mean("slots"), slotsUsed: mean("slotsUsed"), workers: mean("workers") },
    });
  if (wanted(SeriesMetric.STORE)) message.store = encodeHistogram(bucket.store, histograms);
  return message;
}

/**
 * Means of what was sampled once a second. Coordinators that ran one after the other share the seconds of a bucket, those that
 * ran together each saw all of them: the sum is taken over the seconds of the bucket, or over fewer samples where there are.
 */
function meanOf(bucket: Bucket, seconds: number): (name: GaugeName) => number {
  const samples = Math.min(Math.max(bucket.gauges[GAUGE.samples] as number, 1), Math.max(seconds, 1));
  return (name) => Math.round(((bucket.gauges[GAUGE[name]] as number) / samples) * 1_000) / 1_000;
}

export function encodeFlow(bucket: Bucket) {
  const flow = Object.entries(viewFlow(bucket)).map(([name, count]) => [name, BigInt(Math.round(count))]);
  return create(FlowCountsSchema, Object.fromEntries(flow));
}

export function encodeHistogram(histogram: Histogram, withHistogram: boolean): Latency {
  const latency = encodeLatency(viewLatency(histogram));
  const packed = histogram.pack();
  if (withHistogram && packed !== undefined)
    latency.histogram = create(HistogramSchema, {
      index: [...packed.at],
      count: packed.n.map(BigInt),
      sumMs: packed.sumMs,
    });
  return latency;
}
