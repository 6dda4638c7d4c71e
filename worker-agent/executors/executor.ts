import type { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Lease } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { ProcessIdentity } from "../processes/identity.ts";
import type { Redaction } from "../redaction/redaction.ts";
import type { Stop, StopCause } from "../stop.ts";

/** A way to run attempts. Chosen by what the task asks for; never by its status or its history. */
export interface Executor {
  readonly name: string;
  /** Whether it can run this lease at all; policy is asked later. */
  accepts(lease: Lease): boolean;
  /** Runs the attempt to its end and leaves nothing of it behind. Never rejects for what the task does. */
  run(attempt: RunningAttempt): Promise<Ending>;
  /** Sees an attempt that an earlier agent began to its end, as `run` does; undefined: it cannot be taken up any more. */
  adopt(attempt: LeftAttempt): Promise<(() => Promise<Ending>) | undefined>;
  close(): Promise<void>;
}

/** Whom an executor tells of what it runs. */
export interface AttemptVoice {
  output(stream: LogStream, data: Uint8Array): void;
  /** `percent` within 0–100. */
  progress(percent: number, message: string): void;
  /** A line for people. */
  message(text: string): void;
  /** It lives. */
  heartbeat(): void;
}

/** What an executor knows of the attempt it runs. */
export interface RunningAttempt extends AttemptVoice {
  readonly lease: Lease;
  /** Private directory of the attempt itself. */
  readonly path: string;
  /** Private directory for files of the task; removed when the outcome is acknowledged. */
  readonly taskPath: string;
  /** W3C traceparent for what it runs; "": none. */
  readonly traceparent: string;
  readonly stop: Stop;
  /** Values for its environment, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Absent: it has none. */
  readonly redaction?: Redaction;
  /** Called before anything of the task can run. */
  starting(): void;
  /** Called as soon as it runs. */
  started(process?: ProcessIdentity): void;
}

/** What an executor knows of an attempt that an earlier agent began. */
export interface LeftAttempt extends AttemptVoice {
  readonly id: string;
  readonly token: string;
  readonly path: string;
  readonly taskPath: string;
  /** The shell line, as far as its first program; "": none. */
  readonly line: string;
  readonly process: ProcessIdentity | undefined;
  /** The newest of its standard error so far. */
  readonly errors: Uint8Array;
  /** Variables that it was given secrets in. */
  readonly secretNames: readonly string[];
  readonly stop: Stop;
}

export type TaskResult =
  | { readonly kind: "none" }
  | { readonly kind: "payload"; readonly data: Uint8Array; readonly contentType: string }
  | { readonly kind: "too_large"; readonly bytes: number };

/** How an attempt ended, before anyone judged what that means. */
export type Ending =
  | { readonly kind: "not_started"; readonly stoppedBy: StopCause }
  /** `final`: no further attempt would fare better. */
  | { readonly kind: "spawn_failed"; readonly message: string; readonly final?: boolean }
  | { readonly kind: "rejected"; readonly message: string }
  | EndedProcess;

export interface EndedProcess {
  readonly kind: "ended";
  /** Neither a code nor a signal: nobody knows how it ended. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The order that was out when it ended; undefined: it ended by itself. */
  readonly stoppedBy: StopCause | undefined;
  /** The kernel ended it for want of memory, as far as can be known. */
  readonly outOfMemory: boolean;
  /** The shell could not start the program that the line names. */
  readonly notStartedByShell: string | undefined;
  /** Processes that had left its group, and were found and killed after its end. */
  readonly survivors: number;
  readonly result: TaskResult;
  /** Last line of its standard error. */
  readonly lastError: string;
}
