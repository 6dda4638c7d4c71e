import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ActivityEntrySchema, type GetSeriesResponse, SeriesBucketSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import type { RouteContext } from "../routes/context.ts";
import { pause } from "./poll-source.ts";
import type { Source, State } from "./source.ts";

/** Points of a chart. */
const POINTS = 190;
/** A chart is read anew this often, ms: at most, and for a range of days. */
const FASTEST_MS = 2_500;
const SLOWEST_MS = 30_000;
export const MOST_MINUTES = 400 * 1_440;

/**
 * How things went over the last minutes, up to now: `series {"minutes":60,"queue":"mail"}`, of one handler with `type`, and as it
 * was so many minutes ago with `ago`. All who look at the same range share one read, and are sent the buckets that are new or
 * have changed.
 * @throws Error naming what is wrong with the request.
 */
export function seriesSource({ connection }: RouteContext, json: JsonValue): Source {
  const {
    minutes,
    queue = "",
    type,
    ago = 0,
  } = json as Readonly<Record<"minutes" | "queue" | "type" | "ago", unknown>>;
  if (!isMinutes(minutes, 1) || typeof queue !== "string" || !(type === undefined || typeof type === "string"))
    throw new Error(`A series is of 1 to ${MOST_MINUTES} minutes, of a queue or all, of a type or all.`);
  if (!isMinutes(ago, 0)) throw new Error(`A series is of at most ${MOST_MINUTES} minutes ago.`);
  const pauseMs = ago > 0 ? SLOWEST_MS : Math.min(Math.max((minutes * 60_000) / POINTS / 4, FASTEST_MS), SLOWEST_MS);
  return async ({ signal, headers, state }) => {
    while (!signal.aborted) {
      const now = Date.now() - ago * 60_000;
      const request = {
        ...{ from: timestampFromMs(now - minutes * 60_000), queue, points: POINTS, withoutHistograms: true },
        ...(type === undefined ? {} : { type }),
        ...(ago === 0 ? {} : { to: timestampFromMs(now) }),
      };
      state(seriesState(await connection.service(StatsService).getSeries(request, { headers: headers(), signal })));
      await pause(pauseMs, signal);
    }
  };
}

export function isMinutes(value: unknown, least: number): value is number {
  return typeof value === "number" && value >= least && value <= MOST_MINUTES;
}

function seriesState({ from, to, bucket, buckets, total, marks }: GetSeriesResponse): State {
  const rows = new Map(
    buckets.map((each) => [String(each.start?.seconds ?? 0), JSON.stringify(toJson(SeriesBucketSchema, each))]),
  );
  const rest = JSON.stringify({
    from: Number(from?.seconds ?? 0),
    to: Number(to?.seconds ?? 0),
    bucketSeconds: Number(bucket?.seconds ?? 1),
    total: total === undefined ? null : toJson(SeriesBucketSchema, total),
    marks: marks.map((mark) => toJson(ActivityEntrySchema, mark)),
  });
  return { kind: "rows", order: [...rows.keys()], rows, rest };
}
