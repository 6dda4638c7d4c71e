import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type Attempt,
  AttemptOutcome,
  type Payload,
  type Progress,
  type Task,
  type TaskMessage,
  TaskReason,
  TaskStatus,
} from "../../../proto/gen/tss/v1/task_pb.js";

export type Status = "waiting" | "running" | "succeeded" | "failed" | "cancelled";

export interface ProgressView {
  /** 0–100. */
  readonly percent: number;
  readonly message: string;
  readonly at: Date | undefined;
}

export interface MessageView {
  readonly at: Date | undefined;
  readonly text: string;
  readonly attempt: number;
}

export interface ErrorView {
  readonly type: string;
  readonly message: string;
}

export interface AttemptView {
  readonly number: number;
  /** undefined: it has not ended. */
  readonly outcome: "succeeded" | "failed" | "cancelled" | "released" | undefined;
  /** A word of docs/states.md, e.g. "exit_code". */
  readonly reason: string | undefined;
  readonly workerName: string;
  readonly leasedAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly error: ErrorView | undefined;
  /** What it was given to hold: fencing tokens, by name of the lock. */
  readonly locks: ReadonlyMap<string, number>;
}

/** A task as it was when it was read. Words and limits are those of docs/states.md. */
export interface TaskView {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  readonly status: Status;
  /** What lies behind the status, e.g. "retrying". */
  readonly reason: string | undefined;
  /** Name of the handler; undefined for commands. */
  readonly type: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date | undefined;
  readonly updatedAt: Date | undefined;
  readonly runAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly nextAttemptAt: Date | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly progress: ProgressView | undefined;
  readonly exitCode: number | undefined;
  readonly error: ErrorView | undefined;
  /** As it was kept; `TaskHandle.result` decodes it. */
  readonly result: Pick<Payload, "data" | "contentType" | "encodings"> | undefined;
  /** Oldest first; empty in lists. */
  readonly attempts: readonly AttemptView[];
  readonly messages: readonly MessageView[];
  readonly retryOf: string | undefined;
  readonly retriedAs: string | undefined;
  readonly cancelRequestedAt: Date | undefined;
  readonly submittedBy: string | undefined;
}

/** The message in the words of the language. */
export function taskView(task: Task): TaskView {
  return {
    id: task.id,
    name: task.name,
    queue: task.queue,
    priority: task.priority,
    status: word(TaskStatus, task.status) as Status,
    reason: word(TaskReason, task.reason),
    type: given(task.type),
    labels: task.labels,
    createdAt: date(task.createdAt),
    updatedAt: date(task.updatedAt),
    runAt: date(task.runAt),
    startedAt: date(task.startedAt),
    endedAt: date(task.endedAt),
    nextAttemptAt: date(task.nextAttemptAt),
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    progress: progressView(task.progress),
    exitCode: task.exitCode,
    error: errorView(task),
    result: task.result,
    attempts: task.attempts.map(attemptView),
    messages: task.messages.map(messageView),
    retryOf: given(task.retryOf),
    retriedAs: given(task.retriedAs),
    cancelRequestedAt: date(task.cancelRequestedAt),
    submittedBy: given(task.submittedBy),
  };
}

function attemptView(attempt: Attempt): AttemptView {
  return {
    number: attempt.number,
    outcome: word(AttemptOutcome, attempt.outcome) as AttemptView["outcome"],
    reason: word(TaskReason, attempt.reason),
    workerName: attempt.workerName,
    leasedAt: date(attempt.leasedAt),
    startedAt: date(attempt.startedAt),
    endedAt: date(attempt.endedAt),
    exitCode: attempt.exitCode,
    signal: given(attempt.signal),
    error: errorView(attempt),
    locks: new Map(attempt.locks.map(({ name, token }) => [name, Number(token)])),
  };
}

function messageView({ at, text, attempt }: TaskMessage): MessageView {
  return { at: date(at), text, attempt };
}

function progressView(progress: Progress | undefined): ProgressView | undefined {
  return progress && { percent: progress.percent, message: progress.message, at: date(progress.at) };
}

function errorView({ error }: Pick<Task, "error">): ErrorView | undefined {
  return error && { type: error.type, message: error.message };
}

/** Name of a value as the contract writes it for programs: lower case. */
function word(names: Readonly<Record<number, string>>, value: number): string | undefined {
  return value === 0 ? undefined : names[value]?.toLowerCase();
}

function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function date(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}
