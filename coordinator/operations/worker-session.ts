import { TssError } from "../../proto/errors.ts";
import type { LogReport } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { announce } from "../engine/announce.ts";
import { attachStream, detachStream, touch } from "../engine/attach.ts";
import { closeSession } from "../engine/close-session.ts";
import { doubt, foreignTokenIn } from "../engine/foreign-token.ts";
import { attemptNumber } from "../engine/item.ts";
import type { LogBook, LogProgress } from "../engine/log-book.ts";
import { reportOutcome, reportProgress, reportStart } from "../engine/report.ts";
import { acknowledge, deliver } from "../engine/send.ts";
import { updateReady } from "../engine/serving.ts";
import type { Session } from "../engine/session.ts";
import { type EngineState, isServing, itemAt } from "../engine/state.ts";
import type { AttemptReport } from "../kernel/attempt-report.ts";
import { timestampMs } from "../kernel/time.ts";
import type { Caller, WorkAttachment, WorkerMessage, WorkerReports, WorkStream } from "./operations.ts";
import { traceSettle } from "./trace-tasks.ts";

/** Where the answers to reports go. */
export interface ReportAnswers {
  outcome(id: string, token: number, accepted: boolean): void;
  log(id: string, token: number, progress: LogProgress): void;
}

/** One `Work` stream. */
export function attachWorker(
  state: EngineState,
  logs: LogBook,
  caller: Caller,
  first: WorkerMessage,
  stream: WorkStream,
): WorkAttachment {
  if (first.hello === undefined) {
    stream.end(new TssError("INVALID_ARGUMENT", "The first message of Work must carry hello.", { reason: "NO_HELLO" }));
    return { receive: () => {}, closed: () => {} };
  }
  const isDoubted = (message: WorkerMessage, name: string): boolean => {
    const found = foreignTokenIn(state, message);
    if (found !== undefined) stream.end(doubt(state, describeWorker(name, caller), found));
    return found !== undefined;
  };
  if (isDoubted(first, first.hello.worker?.name ?? "")) return { receive: () => {}, closed: () => {} };
  let session: Session;
  try {
    session = attachStream(state, caller.keyId, first.hello, stream);
  } catch (error) {
    stream.end(error as Error);
    return { receive: () => {}, closed: () => {} };
  }
  const answers: ReportAnswers = {
    outcome: (id, token, accepted) => acknowledge(state, session, id, token, accepted),
    log: (id, token, progress) => deliver(state, session, { logAcks: [{ id, token, ...progress }] }),
  };
  const receive = (message: WorkerMessage): void => {
    // A stream that was replaced speaks for nobody.
    if (session.stream !== stream || isDoubted(message, session.info.name)) return;
    touch(state, session);
    // An empty message asks whether it is heard; its answer lets the worker trust its lease.
    if (isBeat(message)) return void deliver(state, session, { heard: true });
    for (const announcement of message.announcements) announce(state, session, announcement);
    takeReports(state, logs, message, answers);
    if (message.draining) session.draining = true;
    // What was taken back after it had been used is owed: both sides count the same, whatever crosses on the way.
    const credit = session.credit + message.credit - message.creditWithdrawn;
    session.credit = Math.min(Math.max(credit, -LIMITS.slots), LIMITS.slots);
    updateReady(state, session);
  };
  if (!isBeat({ ...first, hello: undefined })) receive({ ...first, hello: undefined });
  return {
    receive,
    closed: () => {
      detachStream(state, session, stream);
      // It said good-bye and holds nothing: there is nothing to wait for.
      if (session.draining && session.held.size === 0 && session.stream === null) closeSession(state, session);
    },
  };
}

/** For people, as the begin of a sentence: a worker that says what is wrong is found by its key. */
export function describeWorker(name: string, { keyId }: Caller): string {
  return `The worker ${JSON.stringify(name)} (API key ${keyId})`;
}

/** A message that says nothing but that the worker is there. */
export function isBeat(message: WorkerMessage): boolean {
  const { outcomes, starts, progress, logs, credit, creditWithdrawn, draining, hello, announcements } = message;
  if (credit > 0 || creditWithdrawn > 0 || draining || hello !== undefined) return false;
  return outcomes.length + starts.length + progress.length + logs.length + announcements.length === 0;
}

/**
 * What a worker says on a stream or in a long poll, in the order that keeps its meaning: output first, then beginnings
 * and progress, then ends, since a message may carry the whole life of an attempt.
 */
export function takeReports(state: EngineState, logs: LogBook, reports: WorkerReports, answers: ReportAnswers): void {
  for (const log of reports.logs) takeLog(state, logs, log, answers);
  for (const start of reports.starts) reportStart(state, start);
  for (const progress of reports.progress) reportProgress(state, progress);
  for (const outcome of reports.outcomes) {
    const kept = keptBytes(state, logs, outcome);
    if (typeof kept === "number") takeOutcome(state, logs, outcome, kept, answers);
    else void kept.then((bytes) => takeOutcome(state, logs, outcome, bytes, answers));
  }
}

function takeOutcome(
  state: EngineState,
  logs: LogBook,
  outcome: AttemptReport,
  keptBytes: number,
  answers: ReportAnswers,
): void {
  const forget = logs.isEmpty ? null : logForgetter(state, logs, outcome.id);
  const answer = (accepted: boolean): void => {
    if (accepted) forget?.();
    answers.outcome(outcome.id, outcome.token, accepted);
  };
  reportOutcome(state, outcome, keptBytes, state.tracer.enabled ? traceSettle(state, outcome, answer) : answer);
}

/** A report that counts for nothing is not worth a look. */
function keptBytes(state: EngineState, logs: LogBook, outcome: AttemptReport): number | Promise<number> {
  if (outcome.outputBytes === 0) return 0;
  const ref = state.ids.decode(outcome.id);
  const item = ref === null ? undefined : itemAt(state, ref);
  if (ref === null || item?.state !== "running" || item.token !== outcome.token) return 0;
  return logs.keptBytes(ref, attemptNumber(item), outcome.outputBytes);
}

function takeLog(state: EngineState, logs: LogBook, report: LogReport, answers: ReportAnswers): void {
  const ref = state.ids.decode(report.id);
  const item = ref === null ? undefined : itemAt(state, ref);
  const token = Number(report.fencingToken);
  const offset = Number(report.offset);
  // Kept by the worker until the owner takes it.
  if (ref !== null && !isServing(state, ref.shard)) return;
  const current = item?.state === "running" && item.token === token;
  // Output of an attempt that is over is wanted by nobody: the worker may forget it.
  if (ref === null || item === undefined || !current || report.data.length > LIMITS.logChunkBytes) {
    answers.log(report.id, token, { offset: offset + report.data.length, full: true });
    return;
  }
  const at = report.at === undefined ? state.clock.now() : timestampMs(report.at);
  const chunk = {
    ref,
    attempt: attemptNumber(item),
    offset,
    stream: report.stream,
    at,
    data: report.data,
    elided: Number(report.elidedBytes),
  };
  logs.append(chunk, (progress) => answers.log(report.id, token, progress));
}

function logForgetter(state: EngineState, logs: LogBook, id: string): () => void {
  const ref = state.ids.decode(id);
  const item = ref === null ? undefined : itemAt(state, ref);
  const attempt = item === undefined ? undefined : attemptNumber(item);
  return () => {
    if (ref !== null && attempt !== undefined && logs.knows(ref, attempt))
      void logs.settled().then(() => logs.forget(ref, attempt));
  };
}
