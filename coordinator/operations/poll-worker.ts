import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import {
  CancelOrderSchema,
  type HeldLease,
  HeldLeaseSchema,
  type LeaseTasksRequest,
  LogAckSchema,
  OutcomeAckSchema,
  type ReportTasksRequest,
  type ReportTasksResponse,
  ReportTasksResponseSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { ordersOf } from "../engine/adopt-leases.ts";
import { adopt, checkWorkerInfo, detachStream, endBefore, resume, touch } from "../engine/attach.ts";
import { doubt, foreignTokenIn, type Said } from "../engine/foreign-token.ts";
import type { LiveAttempt } from "../engine/item.ts";
import type { LogBook } from "../engine/log-book.ts";
import { updateReady } from "../engine/serving.ts";
import type { Session } from "../engine/session.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import { toAttemptReport } from "../kernel/attempt-report.ts";
import { durationMs, timestampMs, toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { Caller, LeaseAnswer, LeaseGrant, WorkAnswer, WorkerReports } from "./operations.ts";
import { fitting, Poll } from "./poll.ts";
import { describeWorker, takeReports } from "./worker-session.ts";

type CancelOrder = NonNullable<WorkAnswer["cancels"]>[number];

/** Leases one long poll may ask for. */
const MAX_LEASES = 1_000;

/** An open poll counts as a sign of life this often. */
const BEAT_MS = 1_000;

/** The long poll of a simple client: waits for leases or orders, at most `wait`. */
export async function leaseTasks(
  state: EngineState,
  caller: Caller,
  request: LeaseTasksRequest,
  signal: AbortSignal,
): Promise<LeaseAnswer> {
  const waitMs = check(request);
  requireKnown(state, caller, request, { hello: request });
  const session = findSession(state, caller, request);
  const poll = new Poll();
  session.stream?.end();
  session.stream = poll;
  session.polls = true;
  session.stalled = false;
  const { refused } = adopt(state, session, request.held);
  endBefore(state, session, request.sessionId, request.held);
  if (refused.length > 0) poll.send({ cancels: refused.map(lost) });
  const untold = ordersOf(state, session).filter((order) => liveAttempt(state, order)?.told !== order.reason);
  if (untold.length > 0) poll.send({ cancels: untold });
  session.credit = session.draining ? 0 : request.max;
  updateReady(state, session);
  const beat = setInterval(() => touch(state, session), BEAT_MS);
  beat.unref();
  await poll.wait(waitMs, signal);
  clearInterval(beat);
  const leases = answerLeases(state, session, poll, request.held, signal.aborted);
  detachStream(state, session, poll);
  if (!signal.aborted)
    for (const order of poll.cancels) {
      const attempt = liveAttempt(state, order);
      if (attempt !== null) attempt.told = order.reason;
    }
  const nextMs = Math.round(state.config.leaseTtlMs / 3);
  const coordinators = state.coordinators.length > 1 ? state.coordinators : [];
  return { leases, cancels: poll.cancels, sessionId: session.id, nextMs, drain: session.draining, coordinators };
}

/** The leases that this answer carries. What nobody hears of, or has no room, goes back and costs nothing. */
function answerLeases(
  state: EngineState,
  session: Session,
  poll: Poll,
  held: readonly HeldLease[],
  unheard: boolean,
): readonly LeaseGrant[] {
  // A newer poll has come meanwhile: it has named what the worker holds.
  if (session.stream !== poll) return [];
  touch(state, session);
  const leases = unheard ? [] : fitting(poll.leases);
  if (leases.length < poll.leases.length) adopt(state, session, [...held, ...leases.map(toHeld)]);
  return leases;
}

function toHeld({ id, token }: LeaseGrant): HeldLease {
  return create(HeldLeaseSchema, { id, fencingToken: BigInt(token) });
}

/** What a worker is told of a lease that is not its any more. */
function lost({ id, fencingToken }: HeldLease): CancelOrder {
  return { id, token: Number(fencingToken), reason: TaskReason.LOST };
}

function liveAttempt(state: EngineState, { id, token }: CancelOrder): LiveAttempt | null {
  const ref = state.ids.decode(id);
  const item = ref === null ? undefined : itemAt(state, ref);
  return item?.token === token ? item.attempt : null;
}

function check(request: LeaseTasksRequest): number {
  const waitMs = request.wait === undefined ? 0 : durationMs(request.wait);
  const found = new Violations();
  found.number("max", request.max, 0, MAX_LEASES);
  found.span("wait", waitMs, 0, LIMITS.leaseWaitMs);
  found.check();
  return waitMs;
}

function findSession(state: EngineState, caller: Caller, request: LeaseTasksRequest): Session {
  const known = request.sessionId === "" ? undefined : state.sessions.get(request.sessionId);
  if (request.worker === undefined && known !== undefined && known.keyId === caller.keyId) {
    touch(state, known);
    return known;
  }
  if (request.worker === undefined && request.sessionId !== "")
    throw new TssError("NOT_FOUND", "This session is over; call again with worker and held to begin a new one.", {
      reason: "SESSION_NOT_FOUND",
    });
  checkWorkerInfo(request.worker);
  return resume(state, caller.keyId, request.sessionId, request.worker);
}

/** Reports of a simple client; answered when they are durable. */
export async function reportTasks(
  state: EngineState,
  logs: LogBook,
  caller: Caller,
  request: ReportTasksRequest,
): Promise<ReportTasksResponse> {
  const reports = readReports(request);
  requireKnown(state, caller, request, reports);
  const session = state.sessions.get(request.sessionId);
  const known = session !== undefined && session.keyId === caller.keyId;
  if (known) touch(state, session);
  const response = create(ReportTasksResponseSchema, { next: toDuration(Math.round(state.config.leaseTtlMs / 3)) });
  let open = request.outcomes.length + request.logs.length;
  await new Promise<void>((resolve) => {
    const answered = (): void => {
      open--;
      if (open === 0) resolve();
    };
    takeReports(state, logs, reports, {
      outcome(id, token, accepted) {
        response.outcomeAcks.push(create(OutcomeAckSchema, { id, fencingToken: BigInt(token), accepted }));
        answered();
      },
      log(id, token, { offset, full }) {
        response.logAcks.push(create(LogAckSchema, { id, fencingToken: BigInt(token), offset: BigInt(offset), full }));
        answered();
      },
    });
    // Beginnings and progress are taken without an answer of their own.
    if (open === 0) resolve();
  });
  if (known)
    response.cancels = ordersOf(state, session).map(({ id, token, reason }) =>
      create(CancelOrderSchema, { id, fencingToken: BigInt(token), reason }),
    );
  return response;
}

/** @throws TssError UNAVAILABLE a token is none that was given here. */
function requireKnown(
  state: EngineState,
  caller: Caller,
  { sessionId, worker }: Pick<LeaseTasksRequest, "sessionId"> & Partial<Pick<LeaseTasksRequest, "worker">>,
  said: Said,
): void {
  const found = foreignTokenIn(state, said);
  if (found === undefined) return;
  const name = worker?.name ?? state.sessions.get(sessionId)?.info.name ?? "";
  throw doubt(state, describeWorker(name, caller), found);
}

function readReports({ outcomes, starts, progress, logs }: ReportTasksRequest): WorkerReports {
  return {
    outcomes: outcomes.map(toAttemptReport),
    starts: starts.map(({ id, fencingToken, startedAt }) => ({
      id,
      token: Number(fencingToken),
      startedAt: startedAt === undefined ? 0 : timestampMs(startedAt),
    })),
    progress,
    logs,
  };
}
