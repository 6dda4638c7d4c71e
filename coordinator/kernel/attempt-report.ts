import { toBinary } from "@bufbuild/protobuf";
import { type AttemptOutcome, PayloadSchema, type TaskError, type TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { OutcomeReport } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { durationMs, timestampMs } from "./time.ts";

/** An OutcomeReport in plain numbers: how an attempt ended, as its worker says. */
export interface AttemptReport {
  readonly id: string;
  readonly token: number;
  readonly outcome: AttemptOutcome;
  readonly reason: TaskReason;
  readonly exitCode: number | undefined;
  readonly signal: string;
  readonly error: TaskError | undefined;
  /** tss.v1.Payload as protobuf bytes; null: none. */
  readonly result: Uint8Array | null;
  /** Milliseconds since 1970; 0: it does not say. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly survivors: number;
  readonly outputBytes: number;
  readonly nonRetryable: boolean;
  /** Milliseconds; absent: the policy's pause. */
  readonly retryAfterMs: number | undefined;
}

/** That an attempt has begun. */
export interface AttemptStart {
  readonly id: string;
  readonly token: number;
  /** Milliseconds since 1970; 0: it does not say. */
  readonly startedAt: number;
}

export function toAttemptReport(report: OutcomeReport): AttemptReport {
  const { id, outcome, reason, exitCode, signal, error, survivors, nonRetryable } = report;
  return {
    id,
    token: Number(report.fencingToken),
    outcome,
    reason,
    exitCode,
    signal,
    error,
    result: report.result === undefined ? null : toBinary(PayloadSchema, report.result),
    startedAt: report.startedAt === undefined ? 0 : timestampMs(report.startedAt),
    endedAt: report.endedAt === undefined ? 0 : timestampMs(report.endedAt),
    survivors,
    outputBytes: Math.max(Number(report.outputBytes), 0),
    nonRetryable,
    retryAfterMs: report.retryAfter === undefined ? undefined : durationMs(report.retryAfter),
  };
}
