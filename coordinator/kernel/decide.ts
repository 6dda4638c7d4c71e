import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";

/**
 * The state machine of a task, as one table: what each command does to a task in each state. Nothing else decides; the
 * engine carries out what is decided. docs/states.md draws it.
 */
export type TaskState =
  | {
      readonly status: "waiting";
      /** Attempts begun that counted. */
      readonly attempts: number;
      /** Runs that had begun and were given back. */
      readonly released: number;
    }
  | {
      readonly status: "running";
      readonly attempts: number;
      readonly released: number;
      readonly token: number;
      readonly cancelRequested: boolean;
    }
  | { readonly status: "ended"; readonly token: number };

export type Command =
  | { readonly kind: "lease" }
  | { readonly kind: "report"; readonly token: number; readonly report: Report }
  /** The worker is gone and what it held is not heard of any more. */
  | { readonly kind: "lose"; readonly token: number }
  | { readonly kind: "cancel" }
  /** The worker was told to end the attempt (`cancelling`, timeout, heartbeat) and has not, long past its grace. */
  | { readonly kind: "giveUp"; readonly token: number; readonly reason: TaskReason }
  /** It waited longer than it may. */
  | { readonly kind: "expire" };

/** What a worker says of an attempt. */
export interface Report {
  readonly outcome: AttemptOutcome;
  readonly reason: TaskReason;
  /** No further attempt: the handler said so, or the exit code is on the list. */
  readonly final: boolean;
  /** Of what is given back. Absent: it had not begun. */
  readonly begun?: {
    /** How often the task may be given back so. */
    readonly releaseLimit: number;
  };
}

/** The limits of a task that matter here. */
export interface Bounds {
  readonly maxAttempts: number;
}

export type Decision =
  | { readonly do: "lease"; readonly attempt: number }
  | { readonly do: "end"; readonly status: TaskStatus; readonly reason: TaskReason }
  /** Waits for its next attempt: after the policy's pause, or at once when the attempt was lost. */
  | { readonly do: "retry"; readonly pause: "policy" | "none"; readonly reason: TaskReason }
  /** Goes back to the front of its lane; the attempt does not count. `begun`: it keeps its number, and counts among those. */
  | { readonly do: "requeue"; readonly begun: boolean }
  | { readonly do: "requestCancel" }
  /** Nothing changes. `stale`: an old token. `ended`: it has ended. `repeat`: it was asked before. */
  | { readonly do: "nothing"; readonly why: "stale" | "ended" | "repeat" | "early" };

const STALE: Decision = { do: "nothing", why: "stale" };
const ENDED: Decision = { do: "nothing", why: "ended" };
const ABORTED: Decision = { do: "end", status: TaskStatus.CANCELLED, reason: TaskReason.ABORTED };

type Waiting = Extract<TaskState, { status: "waiting" }>;
type Running = Extract<TaskState, { status: "running" }>;
type Of<K extends Command["kind"]> = Extract<Command, { kind: K }>;

type Row<S> = { readonly [K in Command["kind"]]: (task: S, command: Of<K>, bounds: Bounds) => Decision };

const waiting: Row<Waiting> = {
  lease: (task) => ({ do: "lease", attempt: task.attempts + 1 }),
  report: () => STALE,
  lose: () => STALE,
  giveUp: () => STALE,
  cancel: () => ABORTED,
  // An attempt has begun before: from then on `expires` has no say.
  expire: (task) =>
    task.attempts + task.released > 0
      ? { do: "nothing", why: "early" }
      : { do: "end", status: TaskStatus.FAILED, reason: TaskReason.EXPIRED },
};

const running: Row<Running> = {
  lease: () => ({ do: "nothing", why: "repeat" }),
  report: (task, { token, report }, bounds) => {
    if (token !== task.token) return STALE;
    if (task.cancelRequested) return ABORTED;
    switch (report.outcome) {
      case AttemptOutcome.SUCCEEDED:
        return { do: "end", status: TaskStatus.SUCCEEDED, reason: TaskReason.UNSPECIFIED };
      case AttemptOutcome.RELEASED:
        if (report.begun === undefined) return { do: "requeue", begun: false };
        if (task.released < report.begun.releaseLimit) return { do: "requeue", begun: true };
        return failed(task, TaskReason.LOST, false, "none", bounds);
      // A worker that ended an attempt on its own account without being asked has failed it.
      // Nor has one succeeded whose outcome is of a newer version.
      default:
        return failed(task, failureReason(report.reason), report.final, "policy", bounds);
    }
  },
  lose: (task, { token }, bounds) => {
    if (token !== task.token) return STALE;
    if (task.cancelRequested) return ABORTED;
    return failed(task, TaskReason.LOST, false, "none", bounds);
  },
  giveUp: (task, { token, reason }, bounds) => {
    if (token !== task.token) return STALE;
    if (task.cancelRequested) return ABORTED;
    return failed(task, reason, false, "policy", bounds);
  },
  cancel: (task) => (task.cancelRequested ? { do: "nothing", why: "repeat" } : { do: "requestCancel" }),
  expire: () => ({ do: "nothing", why: "early" }),
};

const ended: Row<Extract<TaskState, { status: "ended" }>> = {
  lease: () => ENDED,
  // A task that ended before its first attempt has the token 0, which nobody was given.
  report: (task, { token }) => (token > 0 && token === task.token ? { do: "nothing", why: "repeat" } : STALE),
  lose: () => ENDED,
  giveUp: () => ENDED,
  cancel: () => ENDED,
  expire: () => ENDED,
};

const TABLE = { waiting, running, ended } as const;

export function decide(task: TaskState, command: Command, bounds: Bounds): Decision {
  const row = TABLE[task.status] as Row<TaskState>;
  return (row[command.kind] as (task: TaskState, command: Command, bounds: Bounds) => Decision)(task, command, bounds);
}

function failed(task: Running, reason: TaskReason, final: boolean, pause: "policy" | "none", bounds: Bounds): Decision {
  if (final || task.attempts >= bounds.maxAttempts) return { do: "end", status: TaskStatus.FAILED, reason };
  return { do: "retry", pause, reason };
}

const FAILURES: ReadonlySet<TaskReason> = new Set([
  TaskReason.EXIT_CODE,
  TaskReason.SIGNAL,
  TaskReason.TIMED_OUT,
  TaskReason.HEARTBEAT,
  TaskReason.LOST,
  TaskReason.REJECTED,
  TaskReason.SPAWN_ERROR,
  TaskReason.OUT_OF_MEMORY,
  TaskReason.HANDLER_ERROR,
  TaskReason.RESULT_TOO_LARGE,
  TaskReason.LOCK_LOST,
]);

/** A worker's word for a failure; one that names none of the reasons of `failed` counts as an error of its handler. */
function failureReason(reason: TaskReason): TaskReason {
  return FAILURES.has(reason) ? reason : TaskReason.HANDLER_ERROR;
}
