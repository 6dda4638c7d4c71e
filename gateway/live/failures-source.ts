import { create, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ListFailureGroupsRequestSchema, ListFailureGroupsResponseSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { RouteContext } from "../routes/context.ts";
import { pollSource } from "./poll-source.ts";
import { isMinutes, MOST_MINUTES } from "./series-source.ts";
import type { Source } from "./source.ts";

/** The groups are counted anew this often, ms: a failure shows in the lists of tasks at once. */
const PAUSE_MS = 2_500;

/**
 * Failures that are alike, of the last minutes: `failures {"minutes":1440,"limit":100}`, or one group with `fingerprint`. All who look
 * at the same share one read.
 * @throws Error naming what is wrong with the request.
 */
export function failuresSource({ connection }: RouteContext, json: JsonValue): Source {
  const {
    minutes,
    limit = LIMITS.failureGroupsDefault,
    fingerprint = "",
  } = json as Readonly<Record<"minutes" | "limit" | "fingerprint", unknown>>;
  if (!isMinutes(minutes, 1)) throw new Error(`Failures are of 1 to ${MOST_MINUTES} minutes.`);
  if (!(typeof limit === "number" && limit >= 1 && limit <= LIMITS.failureGroups) || typeof fingerprint !== "string")
    throw new Error(`Failures are at most ${LIMITS.failureGroups} groups, or one by its fingerprint.`);
  return pollSource({
    output: ListFailureGroupsResponseSchema,
    rows: { field: "groups", key: "fingerprint" },
    pauseMs: PAUSE_MS,
    read(headers, signal) {
      const from = timestampFromMs(Date.now() - minutes * 60_000);
      const request = create(ListFailureGroupsRequestSchema, { from, limit, fingerprint });
      return connection.service(StatsService).listFailureGroups(request, { headers, signal, timeoutMs: 10_000 });
    },
  });
}
