import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type LeaseTasksRequest,
  LogAckSchema,
  OutcomeAckSchema,
  type ReportTasksRequest,
  type ReportTasksResponse,
  ReportTasksResponseSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { adopt, checkWorkerInfo, detachStream, resume, touch } from "../engine/attach.ts";
import type { LogBook } from "../engine/log-book.ts";
import { updateReady } from "../engine/serving.ts";
import type { Session } from "../engine/session.ts";
import type { EngineState } from "../engine/state.ts";
import { toAttemptReport } from "../kernel/attempt-report.ts";
import { durationMs, timestampMs, toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { Caller, LeaseAnswer, WorkAnswer, WorkerReports, WorkStream } from "./operations.ts";
import { takeReports } from "./worker-session.ts";

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
  const session = findSession(state, caller, request);
  const poll = new Poll();
  session.stream?.end();
  session.stream = poll;
  session.stalled = false;
  adopt(state, session, request.held);
  session.credit = session.draining ? 0 : request.max;
  updateReady(state, session);
  const beat = setInterval(() => touch(state, session), BEAT_MS);
  beat.unref();
  try {
    await poll.wait(waitMs, signal);
  } finally {
    clearInterval(beat);
    touch(state, session);
    detachStream(state, session, poll);
  }
  const nextMs = Math.round(state.config.leaseTtlMs / 3);
  return { ...poll.answer, sessionId: session.id, nextMs, drain: session.draining };
}

function check(request: LeaseTasksRequest): number {
  const waitMs = request.wait === undefined ? 0 : durationMs(request.wait);
  const found = new Violations();
  found.number("max", request.max, 0, MAX_LEASES);
  found.number("wait", waitMs, 0, LIMITS.leaseWaitMs, " ms");
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
  const session = state.sessions.get(request.sessionId);
  if (session !== undefined && session.keyId === caller.keyId) touch(state, session);
  const response = create(ReportTasksResponseSchema, { next: toDuration(Math.round(state.config.leaseTtlMs / 3)) });
  let open = request.outcomes.length + request.logs.length;
  await new Promise<void>((resolve) => {
    if (open === 0) return resolve();
    const answered = (): void => {
      open--;
      if (open === 0) resolve();
    };
    takeReports(state, logs, readReports(request), {
      outcome(id, token, accepted) {
        response.outcomeAcks.push(create(OutcomeAckSchema, { id, fencingToken: BigInt(token), accepted }));
        answered();
      },
      log(id, token, { offset, full }) {
        response.logAcks.push(create(LogAckSchema, { id, fencingToken: BigInt(token), offset: BigInt(offset), full }));
        answered();
      },
    });
  });
  return response;
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

/** A stream that gathers one answer. */
class Poll implements WorkStream {
  answer: WorkAnswer = {};
  #ready: (() => void) | null = null;
  #done = false;

  send(answer: WorkAnswer): boolean {
    this.answer = {
      leases: [...(this.answer.leases ?? []), ...(answer.leases ?? [])],
      cancels: [...(this.answer.cancels ?? []), ...(answer.cancels ?? [])],
    };
    if ((answer.leases?.length ?? 0) + (answer.cancels?.length ?? 0) > 0 || answer.drain) this.#finish();
    return true;
  }

  /** Reports of a simple client are answered by their own call; a late one of a stream before finds nobody. */
  acknowledge(): boolean {
    return true;
  }

  onDrained(): void {}

  end(): void {
    this.#finish();
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#done || signal.aborted || ms === 0) return this.#oneTurn();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#ready = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener("abort", () => this.#finish(), { once: true });
    });
  }

  /** Even a poll that does not wait is given what a flush brings at once. */
  #oneTurn(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 50);
      this.#ready = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#done) this.#ready();
    });
  }

  #finish(): void {
    this.#done = true;
    this.#ready?.();
  }
}
