import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type GetQueueRequest,
  type GetQueueResponse,
  GetQueueResponseSchema,
  QueueTypeStatsSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import {
  ActivityKind,
  type GetSeriesRequest,
  type ListActivityRequest,
  type ListActivityResponse,
  ListActivityResponseSchema,
  type ListFailureGroupsRequest,
  type ListProblemsRequest,
  type ListProblemsResponse,
  ListProblemsResponseSchema,
  SeriesMetric,
} from "../../proto/gen/tss/v1/stats_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { reading } from "../engine/reading.ts";
import type { EngineState } from "../engine/state.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { verdictOf } from "../kernel/problems/judge.ts";
import { viewLatency } from "../kernel/stats/view.ts";
import { timestampMs } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import { encodeActivity, encodeLatency, encodeProblem, encodeQueue, encodeVerdict } from "../stats/encode.ts";
import { encodeFlow } from "../stats/encode-bucket.ts";
import { listFailureGroups } from "../stats/failure-groups.ts";
import { keyOf } from "../stats/key.ts";
import type { Stats } from "../stats/start-stats.ts";
import { describeQueue } from "./describe-queues.ts";
import { findQueue } from "./explain-queue.ts";
import type { StatsOperations } from "./operations.ts";

const TYPES = 100;

/** What may be asked about how things go. */
export function statsOperations(state: EngineState, stats: Stats): StatsOperations {
  const store = state.store.stats;
  return {
    watchStats(_caller, { cursor }, signal) {
      const found = new Violations();
      found.line("cursor", cursor, 0, 64);
      found.check();
      return stats.board.watch(cursor, signal);
    },
    async getSeries(_caller, request) {
      checkSeries(request, state.clock.now());
      return reading(() => stats.series.read(request, state.clock.now()));
    },
    async listFailureGroups(_caller, request) {
      checkFailures(request, state.clock.now());
      return reading(() => listFailureGroups(store, stats.failures, request, state.clock.now()));
    },
    listProblems: async (_caller, request) => listProblems(stats, request),
    listActivity: (_caller, request) => listActivity(state, request),
  };
}

export function getQueue(state: EngineState, stats: Stats, { name }: GetQueueRequest): GetQueueResponse {
  const view = findQueue(stats, name);
  const { tracks } = stats.board;
  const queue = describeQueue(state, name);
  queue.stats = encodeQueue(view, tracks.find(keyOf(name, null))?.spark ?? []);
  const types = tracks
    .types(name)
    .map(({ type, five }) =>
      create(QueueTypeStatsSchema, {
        type: type ?? "",
        flow: encodeFlow(five),
        wait: encodeLatency(viewLatency(five.wait)),
        run: encodeLatency(viewLatency(five.run)),
        workers: workersOf(state, name, type ?? ""),
      }),
    )
    .sort((a, b) => Number((b.run?.count ?? 0n) - (a.run?.count ?? 0n)) || (a.type < b.type ? -1 : 1));
  return create(GetQueueResponseSchema, { queue, types: types.slice(0, TYPES) });
}

function workersOf(state: EngineState, queue: string, type: string): number {
  let workers = 0;
  for (const { profile } of state.sessions.values())
    if (
      (profile.queues.size === 0 || profile.queues.has(queue)) &&
      (type === "" ? profile.commands : profile.types.has(type))
    )
      workers++;
  return workers;
}

function listProblems({ board }: Stats, { closed }: ListProblemsRequest): ListProblemsResponse {
  const open = board.problems.map((problem) => encodeProblem(problem));
  const past = closed ? board.closed.map(({ problem, closedAt }) => encodeProblem(problem, closedAt)) : [];
  return create(ListProblemsResponseSchema, {
    verdict: encodeVerdict(verdictOf(board.problems, board.view)),
    problems: [...open, ...past],
  });
}

async function listActivity(state: EngineState, request: ListActivityRequest): Promise<ListActivityResponse> {
  const found = new Violations();
  found.number("limit", request.limit, 0, LIMITS.pageSize);
  found.line("key_id", request.keyId, 0, 64);
  found.line("subject", request.subject, 0, 300);
  for (const kind of request.kind)
    if (kind === ActivityKind.UNSPECIFIED || ActivityKind[kind] === undefined)
      found.add("kind", "must be action, deploy, problem, worker or system");
  const { after, before } = request;
  if (after !== undefined && before !== undefined && timestampMs(after) >= timestampMs(before))
    found.add("before", "must be later than after");
  found.check();
  const limit = request.limit === 0 ? LIMITS.pageSizeDefault : request.limit;
  const rows = await reading(() =>
    state.store.stats.activity({
      before: readCursor(request.cursor),
      limit: limit + 1,
      kinds: [...new Set(request.kind)],
      ...{ keyId: request.keyId, subject: request.subject },
      from: after === undefined ? null : timestampMs(after),
      to: before === undefined ? null : timestampMs(before),
    }),
  );
  const page = rows.slice(0, limit);
  return create(ListActivityResponseSchema, {
    entries: page.map(encodeActivity),
    nextCursor: rows.length > limit ? String(page.at(-1)?.id ?? "") : "",
  });
}

function readCursor(cursor: string): number {
  if (cursor === "") return 0;
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new TssError("INVALID_ARGUMENT", "cursor is none that this list has given: begin without one.", {
    reason: "INVALID_CURSOR",
  });
}

function checkSeries(request: GetSeriesRequest, now: number): void {
  const found = new Violations();
  checkRange(found, request, now);
  found.number("points", request.points, 0, LIMITS.seriesPoints);
  for (const metric of request.metrics)
    if (metric === SeriesMetric.UNSPECIFIED || SeriesMetric[metric] === undefined)
      found.add("metrics", "must be flow, wait, run, backlog, capacity or store");
  found.check();
}

function checkFailures(request: ListFailureGroupsRequest, now: number): void {
  const found = new Violations();
  checkRange(found, request, now);
  found.number("limit", request.limit, 0, LIMITS.failureGroups);
  if (request.fingerprint !== "" && !/^[0-9a-f]{16}$/.test(request.fingerprint))
    found.add("fingerprint", "must be 16 hexadecimal digits");
  found.check();
}

type Ranged = Pick<GetSeriesRequest, "from" | "to" | "queue" | "type">;

function checkRange(found: Violations, { from, to, queue, type }: Ranged, now: number): void {
  if (queue !== "") checkQueueName(found, "queue", queue);
  if (type !== undefined) found.line("type", type, 0, LIMITS.typeCharacters);
  const end = to === undefined ? now : timestampMs(to);
  // A clock that is a little ahead asks for a little of the future.
  if (end > now + 86_400_000) found.add("to", "must not be more than a day ahead");
  if (from === undefined) return;
  const start = timestampMs(from);
  if (start >= end) found.add("from", "must be earlier than to");
  if (start < now - LIMITS.statsMs - 86_400_000) found.add("from", "must be at most 400 days ago");
}
