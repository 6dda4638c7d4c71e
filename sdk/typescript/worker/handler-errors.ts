import { TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";

/** Thrown by a handler: the task fails and is not tried again. */
export class Fatal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Fatal";
  }
}

/** Thrown by a handler: the attempt fails, and the next one starts after this long instead of the policy's pause. */
export class RetryLater extends Error {
  /** Milliseconds. */
  readonly afterMs: number;

  constructor(afterMs: number, message = `It asks to be tried again in ${afterMs} ms.`, options?: ErrorOptions) {
    super(message, options);
    this.name = "RetryLater";
    this.afterMs = afterMs;
  }
}

/** Why an attempt was told to stop. `lost`: nobody waits for it any more, it runs elsewhere. */
export type StopCause = "aborted" | "timed_out" | "heartbeat" | "lock_lost" | "drained" | "lost";

const CAUSES: Partial<Record<TaskReason, StopCause>> = {
  [TaskReason.TIMED_OUT]: "timed_out",
  [TaskReason.HEARTBEAT]: "heartbeat",
  [TaskReason.LOCK_LOST]: "lock_lost",
  [TaskReason.LOST]: "lost",
};

/** What a CancelOrder's reason means to a handler. One that this version does not know: a cancel. */
export function causeOf(reason: TaskReason): StopCause {
  return CAUSES[reason] ?? "aborted";
}

/** Reason of the signal that tells a handler to stop. */
export class StoppedError extends Error {
  readonly reason: StopCause;

  constructor(cause: StopCause) {
    super(SENTENCES[cause]);
    this.name = "StoppedError";
    this.reason = cause;
  }
}

const SENTENCES: Readonly<Record<StopCause, string>> = {
  aborted: "The task was cancelled.",
  timed_out: "The attempt ran longer than its timeout.",
  heartbeat: "The attempt gave no sign of life within its heartbeat timeout.",
  lock_lost: "A lock that the attempt held was taken away or could not be renewed in time.",
  drained: "The worker was shut down.",
  lost: "The worker had no contact with the coordinator for the term of its lease.",
};
