import { AttemptOutcome, TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { PayloadInit } from "../codecs/payload-codec.ts";
import { Fatal, RetryLater, type StopCause, StoppedError } from "./handler-errors.ts";
import type { HandlerReport } from "./handler-report.ts";

/** How a handler came to its end. */
export type Ending =
  | { readonly kind: "returned"; readonly result: PayloadInit | undefined }
  | { readonly kind: "threw"; readonly error: unknown }
  /** The result cannot be carried. */
  | { readonly kind: "bad_result"; readonly error: unknown; readonly tooLarge: boolean };

export interface AttemptFacts {
  readonly id: string;
  readonly token: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

const STOPPED: Readonly<Record<StopCause, { outcome: AttemptOutcome; reason: TaskReason }>> = {
  aborted: { outcome: AttemptOutcome.CANCELLED, reason: TaskReason.ABORTED },
  timed_out: { outcome: AttemptOutcome.FAILED, reason: TaskReason.TIMED_OUT },
  heartbeat: { outcome: AttemptOutcome.FAILED, reason: TaskReason.HEARTBEAT },
  lock_lost: { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOCK_LOST },
  drained: { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST },
  lost: { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST },
};

/**
 * The report of an attempt. Pure. A handler that returns although it was told to stop has done its work; one that
 * throws then was stopped, whatever it throws.
 * @param stoppedBy what it was told, if it was told to stop.
 */
export function judgeAttempt(
  { id, token, startedAt, endedAt }: AttemptFacts,
  ending: Ending,
  stoppedBy: StopCause | undefined,
): HandlerReport {
  if (ending.kind === "returned") {
    const report = { id, token, startedAt, endedAt, outcome: AttemptOutcome.SUCCEEDED };
    return ending.result === undefined ? report : { ...report, result: ending.result };
  }
  const failed = { id, token, startedAt, endedAt, ...failureOf(ending, stoppedBy) };
  const { error } = ending;
  return error instanceof RetryLater && stoppedBy === undefined
    ? { ...failed, retryAfterMs: Math.max(0, Math.round(error.afterMs)) }
    : failed;
}

function failureOf(ending: Exclude<Ending, { kind: "returned" }>, stoppedBy: StopCause | undefined) {
  if (ending.kind === "threw" && stoppedBy !== undefined)
    return stoppedBy === "aborted"
      ? STOPPED[stoppedBy]
      : { ...STOPPED[stoppedBy], error: describeError(new StoppedError(stoppedBy)) };
  const tooLarge = ending.kind === "bad_result" && ending.tooLarge;
  return {
    outcome: AttemptOutcome.FAILED,
    reason: tooLarge ? TaskReason.RESULT_TOO_LARGE : TaskReason.HANDLER_ERROR,
    error: describeError(ending.error),
    nonRetryable: ending.error instanceof Fatal || ending.kind === "bad_result",
  };
}

/** Type and sentence of anything that can be thrown, within the limits of the contract. */
export function describeError(error: unknown): { type: string; message: string } {
  const isError = typeof error === "object" && error !== null && "message" in error;
  const type = isError ? String((error as { name?: unknown }).name ?? "Error") : typeof error;
  const message = isError ? String(error.message) : String(error);
  return { type: cut(type, LIMITS.errorTypeCharacters), message: cut(message || type, LIMITS.errorMessageBytes / 4) };
}

/** At most that many characters, none of them U+0000 or half of a pair. */
function cut(text: string, characters: number): string {
  const clean = text.toWellFormed().replaceAll("\0", "\u{FFFD}");
  return clean.length <= characters ? clean : `${[...clean].slice(0, characters - 1).join("")}…`;
}
