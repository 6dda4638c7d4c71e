import type { LatencyJson, SeriesBucketJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import type { Series } from "./use-series.ts";

/** One line of a chart: told apart by its dashes as well as by its colour. */
export interface Line {
  readonly name: string;
  /** A colour of the palette. */
  readonly colour: string;
  /** Lengths of dashes and gaps; empty: solid. */
  readonly dash: readonly number[];
  /** Beside the times of the series; null: a gap. */
  readonly values: readonly (number | null)[];
  /** Of the whole range, as text. */
  readonly total: string;
}

type Read = (bucket: SeriesBucketJson) => number | null;

const valuesOf = (series: Series, read: Read) =>
  series.buckets.map((bucket) => (bucket === undefined ? null : read(bucket)));

/** Values of the day before, under the times of today. */
function valuesBefore(series: Series, past: Series, read: Read): (number | null)[] {
  const found = new Map(past.times.map((at, index) => [at, past.buckets[index]]));
  return series.times.map((at) => {
    const bucket = found.get(at - DAY_S);
    return bucket === undefined ? null : read(bucket);
  });
}

const DAY_S = 86_400;
const BEFORE = { colour: "--dim", dash: [1, 3] } as const;

/** Tasks a minute that came in, ended and failed. @param past the same hours of the day before. */
export function flowLines(series: Series, past?: Series): Line[] {
  const perMinute = 60 / series.bucketSeconds;
  const { flow } = series.total ?? {};
  const ended = ({ succeeded, failed, cancelled }: NonNullable<SeriesBucketJson["flow"]> = {}) =>
    readNumber(succeeded) + readNumber(failed) + readNumber(cancelled);
  return [
    {
      ...{ name: "in", colour: "--accent", dash: [] },
      values: valuesOf(series, (bucket) => readNumber(bucket.flow?.submitted) * perMinute),
      total: formatCount(readNumber(flow?.submitted)),
    },
    {
      ...{ name: "out", colour: "--good", dash: [6, 3] },
      values: valuesOf(series, (bucket) => ended(bucket.flow) * perMinute),
      total: formatCount(ended(flow)),
    },
    {
      ...{ name: "failed", colour: "--bad", dash: [2, 2] },
      values: valuesOf(series, (bucket) => readNumber(bucket.flow?.failed) * perMinute),
      total: formatCount(readNumber(flow?.failed)),
    },
    ...(past === undefined
      ? []
      : [
          {
            ...{ name: "out, the day before", ...BEFORE },
            values: valuesBefore(series, past, (bucket) => ended(bucket.flow) * perMinute),
            total: formatCount(ended(past.total?.flow)),
          },
        ]),
  ];
}

/** Seconds that first attempts waited, and the age of the oldest that still does: known even when nothing moves. */
export function waitLines(series: Series, past?: Series): Line[] {
  const quantile = (name: "p50" | "p95" | "p99", colour: string, dash: readonly number[]): Line => ({
    ...{ name, colour, dash },
    values: valuesOf(series, ({ wait }) => secondsOf(wait?.[name])),
    total: spanOf(series.total?.wait, name),
  });
  const oldest = series.total?.backlog?.oldestReadyAge;
  return [
    quantile("p50", "--waiting", []),
    quantile("p95", "--accent", [6, 3]),
    quantile("p99", "--attention", [2, 2]),
    {
      ...{ name: "oldest", colour: "--bad", dash: [9, 3, 2, 3] },
      values: valuesOf(series, ({ backlog }) => secondsOf(backlog?.oldestReadyAge)),
      total: oldest === undefined ? "–" : formatDuration(readSeconds(oldest) ?? 0),
    },
    ...(past === undefined
      ? []
      : [
          {
            ...{ name: "p95, the day before", ...BEFORE },
            values: valuesBefore(series, past, ({ wait }) => secondsOf(wait?.p95)),
            total: spanOf(past.total?.wait, "p95"),
          },
        ]),
  ];
}

function spanOf(latency: LatencyJson | undefined, name: "p50" | "p95" | "p99"): string {
  const ms = readSeconds(latency?.[name]);
  return ms === undefined ? "–" : formatDuration(ms);
}

/** On a scale of logarithms nothing is zero: the least is a millisecond. */
function secondsOf(text: string | undefined): number | null {
  const ms = readSeconds(text);
  return ms === undefined ? null : Math.max(ms, 1) / 1_000;
}
