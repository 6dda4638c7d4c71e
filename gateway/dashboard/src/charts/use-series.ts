import { useMemo } from "react";
import type { ActivityEntryJson, SeriesBucketJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { type Rows, useRows } from "../live/use-topic.ts";

/** A stretch of time in buckets of one length. */
export interface Series {
  /** Starts of the buckets, s. */
  readonly times: readonly number[];
  /** Beside `times`; undefined: nobody measured then, which is a gap and not zero. */
  readonly buckets: readonly (SeriesBucketJson | undefined)[];
  readonly bucketSeconds: number;
  readonly total: SeriesBucketJson | undefined;
  /** Deploys and changes of queues within it. */
  readonly marks: readonly ActivityEntryJson[];
}

/** What a series is of. */
export interface SeriesOf {
  readonly minutes: number;
  /** Empty: all queues. */
  readonly queue: string;
  readonly type?: string;
  /** So many minutes before now. */
  readonly ago?: number;
}

/** How it went over the last minutes, as it goes on. @param open with the bucket that is not over. */
export function useSeries(of: SeriesOf | null, open = false) {
  const { state, problem } = useRows<SeriesBucketJson>(of === null ? null : `series ${JSON.stringify(of)}`);
  const queue = of?.queue ?? "";
  const series = useMemo(() => (state === undefined ? undefined : toSeries(state, queue, open)), [state, queue, open]);
  return { series, problem };
}

/**
 * The buckets on a whole grid, as a rule less the one that is not over: its counts would look like a fall.
 * @param queue marks of others are left out; empty: none are.
 */
export function toSeries({ rows, rest }: Omit<Rows<SeriesBucketJson>, "order">, queue: string, open = false): Series {
  const marks = (rest["marks"] as ActivityEntryJson[] | undefined) ?? [];
  const isOfUs = ({ kind, subject }: ActivityEntryJson) =>
    queue === "" || kind === "ACTIVITY_KIND_DEPLOY" || subject === `queue/${queue}`;
  const [from, to, bucketSeconds] = ["from", "to", "bucketSeconds"].map((name) => Number(rest[name] ?? 0));
  const step = Math.max(bucketSeconds ?? 1, 1);
  const times: number[] = [];
  const buckets: (SeriesBucketJson | undefined)[] = [];
  for (let at = from ?? 0; at < (to ?? 0); at += step) {
    const bucket = rows[String(at)];
    if (!open && at + step >= (to ?? 0) && bucket?.complete !== true) break;
    times.push(at);
    buckets.push(bucket);
  }
  return {
    times,
    buckets,
    bucketSeconds: step,
    total: (rest["total"] as SeriesBucketJson | null) ?? undefined,
    marks: marks.filter(isOfUs),
  };
}
