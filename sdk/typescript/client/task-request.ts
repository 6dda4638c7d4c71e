import type { TaskLimit } from "../../../proto/task-limits.ts";

/** When a failed attempt is tried again. Absent members: the coordinator's settings. */
export interface RetryOptions {
  /** Attempts after the first: 0–99. */
  readonly limit?: number;
  /** Pause before the second attempt, milliseconds: at most 24 h. */
  readonly intervalMs?: number;
  readonly backoff?: "fixed" | "exponential";
  /** Growth of the exponential back-off: 1–10. */
  readonly factor?: number;
  /** Longest pause, milliseconds: at most 7 days. */
  readonly maxIntervalMs?: number;
  /** Share of the pause that is drawn by chance: 0–1. */
  readonly jitter?: number;
  /** How often a run that had begun may be given back at no cost, because its agent had to go: 0–99. Absent: 3. */
  readonly releaseLimit?: number;
  /** Exit codes after which no further attempt is made. */
  readonly nonRetryableExitCodes?: readonly number[];
}

/** A lock that a task holds while an attempt of it runs. */
export interface LockNeed {
  readonly name: string;
  /** How many may hold the lock at a time: 1–10 000; 1. Everybody who uses a name says the same. */
  readonly permits?: number;
}

/** What may be said of every task. Durations are milliseconds; limits are in docs/limits.md. */
export interface TaskOptions {
  /** 1–200 printable characters. Absent: the first line of the command, or the type. */
  readonly name?: string;
  /** Absent: "default". */
  readonly queue?: string;
  /** −128…127, higher first. */
  readonly priority?: number;
  /** Start no earlier than this long from now. Not together with `runAt`. */
  readonly delayMs?: number;
  readonly runAt?: Date;
  /** Fail if no attempt has started this long after the task became due. */
  readonly expiresMs?: number;
  /** Longest run of one attempt. */
  readonly timeoutMs?: number;
  /** A handler that reports nothing for this long fails its attempt. */
  readonly heartbeatTimeoutMs?: number;
  readonly retry?: RetryOptions;
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels a worker must have. */
  readonly selector?: Readonly<Record<string, string>>;
  /** What it takes from a worker while it runs (cpu, memory, …). */
  readonly resources?: Readonly<Record<string, number>>;
  /** Locks it holds while an attempt of it runs, by name or with their permits: at most 8. It waits until it has all. */
  readonly locks?: readonly (string | LockNeed)[];
  /** Same key and same task within `idempotencyTtlMs`: the same task. */
  readonly idempotencyKey?: string;
  readonly idempotencyTtlMs?: number;
  /** Tasks of one queue and priority with different keys take turns. */
  readonly fairnessKey?: string;
  /** Between the request to end and the end by force. */
  readonly cancelGraceMs?: number;
  /** Of a command whose agent was restarted while it ran: it goes on, or it is ended and the attempt lost. Absent: "adopt". */
  readonly onAgentRestart?: "adopt" | "kill";
  /** W3C traceparent. Absent: TRACEPARENT of the environment. */
  readonly traceparent?: string;
  /** Environment of a command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Secrets that a command gets in its environment: variable and name of the secret. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** User a command runs as, a name or number with `:GROUP` behind it if need be; the agent says who may be asked for. */
  readonly user?: string;
  /** Permissions that files of a command are not given, in octal: "022". */
  readonly umask?: string;
  /** What a command may take at most: all of it together, or each of its processes. Sizes are bytes. */
  readonly limits?: Readonly<Partial<Record<TaskLimit, number>>>;
}

/** A line for the agent's shell. */
export interface CommandTask extends TaskOptions {
  readonly command: string;
}

/** A program and its arguments, run without a shell. */
export interface ProgramTask extends TaskOptions {
  readonly argv: readonly string[];
}

declare const resultType: unique symbol;

/** A call of a handler. `R` is what it gives back; it exists for the compiler alone. */
export interface HandlerTask<R = unknown> extends TaskOptions {
  readonly type: string;
  /** Goes through the client's codec. Absent or undefined: no payload. */
  readonly input?: unknown;
  readonly [resultType]?: R;
}

export type TaskRequest<R = unknown> = CommandTask | ProgramTask | HandlerTask<R>;
