import { AttemptOutcome, TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import type { Lease, OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { parseTraceparent } from "../runtime/traceparent.ts";
import type { TaskTracer } from "../runtime/tracing.ts";

/** An attempt as a trace sees it. */
export interface AttemptTrace {
  /** Of the attempt's span, or what the caller sent when nothing is traced here; "": neither. */
  readonly traceparent: string;
  ended(report: OutcomeReport, endedAt: number): void;
}

/**
 * Begins the `process` span of an attempt.
 * @param workerId id of the worker's session.
 * @param startedAt ms since 1970.
 */
export function traceAttempt(tracer: TaskTracer, lease: Lease, workerId: string, startedAt: number): AttemptTrace {
  const { queue = "", type = "", traceparent = "" } = lease.spec ?? {};
  // Text that is no traceparent would be read by every program that the command starts.
  if (!tracer.enabled)
    return { traceparent: parseTraceparent(traceparent) === undefined ? "" : traceparent, ended() {} };
  const task = { id: lease.id, queue, type, traceparent };
  const span = tracer.process(task, { attempt: lease.attempt, workerId }, startedAt);
  return {
    traceparent: span.traceparent,
    ended(report, at) {
      const error = errorOf(report);
      span.end(error === undefined ? { at } : { at, error });
    },
  };
}

/** Reason of an attempt that did not succeed, e.g. `exit_code`; `released` when it was given back. */
function errorOf({ outcome, reason }: OutcomeReport): string | undefined {
  if (outcome === AttemptOutcome.SUCCEEDED) return undefined;
  const name = reason === TaskReason.UNSPECIFIED ? AttemptOutcome[outcome] : TaskReason[reason];
  return name?.toLowerCase() ?? "failed";
}
