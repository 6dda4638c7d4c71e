import { create } from "@bufbuild/protobuf";
import { AttemptOutcome, ProgressSchema } from "../../proto/gen/tss/v1/task_pb.js";
import type { ProgressReport } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { AttemptReport, AttemptStart } from "../kernel/attempt-report.ts";
import { toTimestamp } from "../kernel/time.ts";
import { concludeAttempt, isFinal } from "./attempt-end.ts";
import { whenCommitted } from "./committed.ts";
import { type Item, specOf } from "./item.ts";
import { type EngineState, isOfLaterOwner, isServing, itemAt } from "./state.ts";
import { watchAttempt } from "./watch-attempt.ts";

/** Answers one report: accepted or not. Called after the commit when it was accepted. */
export type Acknowledge = (accepted: boolean) => void;

/**
 * How an attempt ended, as its worker says. The first report with the current token counts; a repeat of it is acknowledged
 * again; an old token is refused, for ever.
 * @param outputKeptBytes how much of the output it names is kept.
 */
export function reportOutcome(
  state: EngineState,
  report: AttemptReport,
  outputKeptBytes: number,
  acknowledge: Acknowledge,
): void {
  const ref = state.ids.decode(report.id);
  if (ref === null) return acknowledge(false);
  const { token } = report;
  // What ended before its first attempt has no token: nobody can have run it.
  if (token === 0) return acknowledge(false);
  // Its owner answers; this one may not say that a token is old. The worker repeats the report there.
  if (!isServing(state, ref.shard) || isOfLaterOwner(state, ref.shard, token)) return;
  const item = itemAt(state, ref);
  if (item === undefined) return answerFromPast(state, ref, token, acknowledge);
  const isCurrent = (item.token === token || state.planted("bug.any-fence")) && item.attempt?.committed !== false;
  if (isCurrent && item.state === "ending") return joinEnding(state, item, acknowledge);
  if (!isCurrent || item.state !== "running") return whenCommitted(state, () => acknowledge(false));
  const succeeded = report.outcome === AttemptOutcome.SUCCEEDED;
  concludeAttempt(
    state,
    item,
    {
      kind: "report",
      token: item.token,
      report: {
        outcome: report.outcome,
        reason: report.reason,
        final: !succeeded && isFinal(item, report.exitCode, report.nonRetryable),
        ...begunOf(item, report),
      },
    },
    {
      report,
      outputKeptBytes,
      result: report.result,
      retryAfterMs: report.retryAfterMs === undefined ? undefined : clampPause(report.retryAfterMs),
      settled: acknowledge,
    },
  );
}

/** What is given back may have begun: its worker says so now, or has said so before. */
function begunOf(item: Item, report: AttemptReport): { begun?: { releaseLimit: number } } {
  if (report.outcome !== AttemptOutcome.RELEASED || !(report.startedAt || item.attempt?.startedAt)) return {};
  return { begun: { releaseLimit: specOf(item.head).retry?.releaseLimit ?? LIMITS.releaseLimitDefault } };
}

function clampPause(ms: number): number {
  return Math.min(Math.max(ms, 0), LIMITS.retryMaxIntervalMs);
}

/** A report while its end is on the way to the store: what was taken for lost meanwhile ends so, whatever is said now. */
function joinEnding(state: EngineState, item: Item, acknowledge: Acknowledge): void {
  whenCommitted(state, () => acknowledge(state.recentEnds.get(item.head) === item.token));
}

function answerFromPast(
  state: EngineState,
  ref: { shard: number; lane: number; seq: number },
  token: number,
  acknowledge: Acknowledge,
): void {
  const known = state.recentEnds.get(ref);
  if (known !== undefined) return acknowledge(known === token);
  // Longer ago than memory goes, or a repeat of an attempt that was followed by another: the store knows.
  state.store.reads.task(ref, state.segments.candidates(ref)).then(
    (stored) => acknowledge(stored?.end?.token === token),
    (error: unknown) => state.logger.warn({ error }, "cannot look up an old report; the worker will repeat it"),
  );
}

export function reportStart(state: EngineState, report: AttemptStart): void {
  const item = running(state, report.id, report.token);
  if (item?.attempt == null) return;
  if (item.attempt.startedAt === 0) item.attempt.begunAt = state.clock.monotonic();
  item.attempt.startedAt = report.startedAt || state.clock.now();
  watchAttempt(state, item);
  state.changes.publish({ ref: item.head, queue: item.lane.key.queue, ended: false });
}

export function reportProgress(state: EngineState, report: ProgressReport): void {
  const item = running(state, report.id, Number(report.fencingToken));
  if (item?.attempt == null) return;
  const { attempt } = item;
  const now = state.clock.now();
  attempt.beatAt = state.clock.monotonic();
  if (report.percent !== undefined)
    attempt.progress = create(ProgressSchema, {
      percent: Math.min(Math.max(report.percent, 0), 100) || 0,
      message: clip(report.message),
      at: toTimestamp(now),
    });
  for (const text of report.messages) attempt.messages.push({ at: now, text: clip(text) });
  const excess = attempt.messages.length - LIMITS.messagesPerAttempt;
  if (excess > 0) attempt.messages.splice(0, excess);
  watchAttempt(state, item);
  state.changes.publish({ ref: item.head, queue: item.lane.key.queue, ended: false });
}

/** Cut rather than refused: a worker's words must not cost it its attempt. */
function clip(text: string): string {
  const clean = text.replaceAll("\u0000", "\ufffd").toWellFormed();
  if (Buffer.byteLength(clean) <= LIMITS.progressMessageBytes) return clean;
  return Buffer.from(clean)
    .subarray(0, LIMITS.progressMessageBytes - 4)
    .toString("utf8");
}

function running(state: EngineState, id: string, token: number): Item | null {
  const ref = state.ids.decode(id);
  const item = ref === null ? undefined : itemAt(state, ref);
  return item?.state === "running" && item.token === token ? item : null;
}
