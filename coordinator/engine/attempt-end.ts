import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { AttemptReport } from "../kernel/attempt-report.ts";
import { type Command, type Decision, decide } from "../kernel/decide.ts";
import { encodeAttempt } from "../kernel/encode-attempt.ts";
import { forbidsRetry, retryPauseMs } from "../kernel/retry.ts";
import { EVENT } from "../ports/rows.ts";
import { addEvent, endItem, moveItem, release } from "./conclude.ts";
import { returnItem } from "./fill.ts";
import { attemptNumber, type Item, specOf } from "./item.ts";
import { restItem } from "./rest.ts";
import { giveBack } from "./send.ts";
import { type EngineState, isFar } from "./state.ts";

/** What is known of an attempt's ending beside the decision. */
export interface AttemptFacts {
  /** What the worker reported, if it did. */
  readonly report?: AttemptReport;
  /** How much of the output it names is kept; absent: nothing. */
  readonly outputKeptBytes?: number;
  readonly result?: Uint8Array | null;
  /** The worker's wish for the pause before the next attempt, in ms. */
  readonly retryAfterMs?: number;
  /** Told after the commit whether what was decided became true. */
  readonly settled?: (won: boolean) => void;
}

/** Carries out what the table decides about a running attempt. */
export function concludeAttempt(state: EngineState, item: Item, command: Command, facts: AttemptFacts): Decision {
  const decision = decide(stateOfRunning(item), command, item.head);
  const said = command.kind === "report" ? command.report.outcome : AttemptOutcome.FAILED;
  // Given back too often: it counts.
  const outcome = said === AttemptOutcome.RELEASED && decision.do !== "requeue" ? AttemptOutcome.FAILED : said;
  switch (decision.do) {
    case "end": {
      observe(state, item, decision.reason, outcome, facts, true);
      const detail = detailOf(state, item, outcome, decision.reason, facts);
      const succeeded = outcome === AttemptOutcome.SUCCEEDED && command.kind === "report";
      endItem(state, item, decision.status, decision.reason, {
        detail,
        ...(command.kind === "report" ? { token: item.token } : {}),
        result: succeeded ? (facts.result ?? null) : null,
        settled: facts.settled,
      });
      break;
    }
    case "retry": {
      observe(state, item, decision.reason, outcome, facts, false);
      const detail = detailOf(state, item, outcome, decision.reason, facts);
      retryLater(state, item, detail, pauseMs(state, item, decision.pause, facts));
      if (facts.settled !== undefined) afterCommit(state, () => facts.settled?.(true));
      break;
    }
    case "requeue":
      if (decision.begun) giveBack(state, item, detailOf(state, item, outcome, TaskReason.UNSPECIFIED, facts));
      else giveBack(state, item);
      if (facts.settled !== undefined) afterCommit(state, () => facts.settled?.(true));
      break;
    default:
      break;
  }
  return decision;
}

function stateOfRunning(item: Item) {
  return {
    status: "running",
    attempts: item.attempts,
    released: item.released,
    token: item.token,
    cancelRequested: item.cancelRequestedAt > 0,
  } as const;
}

export function afterCommit(state: EngineState, follow: () => void): void {
  state.pending.after.push(follow);
}

function pauseMs(state: EngineState, item: Item, pause: "policy" | "none", facts: AttemptFacts): number {
  if (pause === "none") return 0;
  if (facts.retryAfterMs !== undefined) return facts.retryAfterMs;
  return retryPauseMs(specOf(item.head).retry, state.config.defaults.retry, item.attempts, state.chance());
}

function retryLater(state: EngineState, item: Item, detail: Uint8Array, afterMs: number): void {
  const at = state.clock.now();
  const nextAt = at + afterMs;
  addEvent(state, item.head, {
    kind: EVENT.retrying,
    attempt: attemptNumber(item),
    at,
    session: item.attempt?.sessionNumber ?? 0,
    nextAt,
    detail,
  });
  if (isFar(state, nextAt)) {
    moveItem(state, item, nextAt);
    return;
  }
  release(state, item);
  item.attempt = null;
  item.retrying = true;
  item.dueAt = nextAt;
  if (afterMs === 0) returnItem(state, item);
  else restItem(state, item, nextAt);
}

function detailOf(
  state: EngineState,
  item: Item,
  outcome: AttemptOutcome,
  reason: TaskReason,
  facts: AttemptFacts,
): Uint8Array {
  const { report } = facts;
  const live = item.attempt;
  return encodeAttempt({
    number: attemptNumber(item),
    outcome: item.cancelRequestedAt > 0 && outcome !== AttemptOutcome.SUCCEEDED ? AttemptOutcome.CANCELLED : outcome,
    reason: report?.reason || reason,
    startedAt: report?.startedAt || (live?.startedAt ?? 0),
    endedAt: report?.endedAt || state.clock.now(),
    report,
    outputKeptBytes: facts.outputKeptBytes ?? 0,
    progress: live?.progress ?? null,
    messages: live?.messages ?? [],
  });
}

/** Whether the task's policy or the worker rules out a further attempt. */
export function isFinal(item: Item, exitCode: number | undefined, nonRetryable: boolean): boolean {
  if (nonRetryable) return true;
  if (exitCode === undefined || exitCode === 0 || item.head.maxAttempts <= item.attempts) return false;
  return forbidsRetry(specOf(item.head).retry, exitCode);
}

function observe(
  state: EngineState,
  item: Item,
  reason: TaskReason,
  outcome: AttemptOutcome,
  facts: AttemptFacts,
  last: boolean,
): void {
  const { queue, needs } = item.lane.key;
  const ran = item.attempt === null ? 0 : state.clock.monotonic() - item.attempt.begunAt;
  const name =
    outcome === AttemptOutcome.SUCCEEDED
      ? "succeeded"
      : item.cancelRequestedAt > 0
        ? "cancelled"
        : reason === TaskReason.TIMED_OUT
          ? "timed_out"
          : reason === TaskReason.LOST
            ? "lost"
            : "failed";
  state.observer.attemptFinished(queue, needs.type, name, ran);
  if (name === "succeeded" || name === "cancelled") return;
  state.observer.failed?.({
    ...{ queue, type: needs.type, task: item.head, reason, last },
    name: () => specOf(item.head).name,
    error: facts.report?.error,
    exitCode: facts.report?.exitCode,
    signal: facts.report?.signal ?? "",
    version: item.attempt?.session?.info.version ?? "",
  });
}
