import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AttemptOutcome, type PayloadSchema, TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import { type OutcomeReport, OutcomeReportSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { Fatal, RetryLater, type StopCause, StoppedError } from "./handler-errors.ts";

/** How a handler came to its end. */
export type Ending =
  | { readonly kind: "returned"; readonly result: MessageInitShape<typeof PayloadSchema> | undefined }
  | { readonly kind: "threw"; readonly error: unknown }
  /** The result cannot be carried. */
  | { readonly kind: "bad_result"; readonly error: unknown; readonly tooLarge: boolean };

export interface AttemptFacts {
  readonly id: string;
  readonly fencingToken: bigint;
  readonly startedAt: number;
  readonly endedAt: number;
  /** What it was told, if it was told to stop. */
  readonly stoppedBy: StopCause | undefined;
}

const STOPPED: Readonly<Record<StopCause, { outcome: AttemptOutcome; reason: TaskReason }>> = {
  aborted: { outcome: AttemptOutcome.CANCELLED, reason: TaskReason.ABORTED },
  timed_out: { outcome: AttemptOutcome.FAILED, reason: TaskReason.TIMED_OUT },
  heartbeat: { outcome: AttemptOutcome.FAILED, reason: TaskReason.HEARTBEAT },
  drained: { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST },
  lost: { outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST },
};

/**
 * The report of an attempt. Pure. A handler that returns although it was told to stop has done its work; one that
 * throws then was stopped, whatever it throws.
 */
export function judgeAttempt(facts: AttemptFacts, ending: Ending): OutcomeReport {
  const { id, fencingToken, stoppedBy } = facts;
  const base = {
    id,
    fencingToken,
    startedAt: timestampFromMs(facts.startedAt),
    endedAt: timestampFromMs(facts.endedAt),
  };
  if (ending.kind === "returned")
    return create(OutcomeReportSchema, {
      ...base,
      outcome: AttemptOutcome.SUCCEEDED,
      ...(ending.result === undefined ? {} : { result: ending.result }),
    });
  if (ending.kind === "threw" && stoppedBy !== undefined) {
    const error = stoppedBy === "aborted" ? {} : { error: describeError(new StoppedError(stoppedBy)) };
    return create(OutcomeReportSchema, { ...base, ...STOPPED[stoppedBy], ...error });
  }
  const { error } = ending;
  const tooLarge = ending.kind === "bad_result" && ending.tooLarge;
  return create(OutcomeReportSchema, {
    ...base,
    outcome: AttemptOutcome.FAILED,
    reason: tooLarge ? TaskReason.RESULT_TOO_LARGE : TaskReason.HANDLER_ERROR,
    error: describeError(error),
    nonRetryable: error instanceof Fatal || ending.kind === "bad_result",
    ...(error instanceof RetryLater ? { retryAfter: durationFromMs(Math.max(0, Math.round(error.afterMs))) } : {}),
  });
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
