/**
 * What one run leaves behind, as its witnesses saw it. Times are milliseconds of the clock that stands still for nobody
 * (`run-clock.ts`), the same for every witness of a run; no rule orders anything by a wall clock.
 */
export interface Evidence {
  readonly calls: readonly Call[];
  readonly sights: readonly Sight[];
  readonly effects: readonly Effect[];
  readonly ledger: readonly LedgerLine[];
  /** Every task of the run as the API showed it when all was over. */
  readonly final: readonly FinalTask[];
  readonly disturbed: readonly Disturbance[];
  /** Commands that still lived when all was over. */
  readonly alive: readonly LedgerLine[];
  readonly terms: Terms;
}

export interface Terms {
  readonly leaseTtlMs: number;
  /** How late a thing may be on this machine before a rule that has a bound in time calls it broken. */
  readonly slackMs: number;
  /** Longest time in which the witness itself got no turn: that long a worker may have been silent without a fault. */
  readonly stalledMs: number;
}

/** What a client knows of a call: done, refused (nothing has happened), or in doubt (it may have, at any time since). */
export type Outcome = "ok" | "fail" | "info";

interface CallBase {
  readonly call: number;
  readonly client: string;
  /** Coordinator that was asked first. */
  readonly via: string;
  readonly began: number;
  /** Infinity: in doubt. */
  readonly ended: number;
  readonly outcome: Outcome;
  /** Code of the error, of `fail` and `info`. */
  readonly code?: string;
}

export type Call = SubmitCall | CancelCall | GetCall | AcquireCall | RenewCall | ReleaseCall;
/** A call before it is answered. */
export type Asked<C extends Call = Call> = C extends Call ? Omit<C, "ended" | "outcome" | "code" | "answer"> : never;

export interface SubmitCall extends CallBase {
  readonly op: "submit";
  readonly requestId: string;
  readonly tasks: readonly Wanted[];
  /** One for each task. */
  readonly answer?: readonly { readonly id?: string; readonly duplicate?: boolean; readonly code?: string }[];
}

/** A task as its client asked for it. Equal names are the same task. */
export interface Wanted {
  readonly name: string;
  readonly kind: string;
  readonly key?: string;
  readonly maxAttempts: number;
  readonly intervalMs: number;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly graceMs: number;
}

export interface CancelCall extends CallBase {
  readonly op: "cancel";
  readonly id: string;
  readonly answer?: Shown & { readonly changed: boolean };
}

export interface GetCall extends CallBase {
  readonly op: "get";
  readonly id: string;
  readonly answer?: Shown;
}

export interface AcquireCall extends CallBase {
  readonly op: "acquire";
  readonly lock: string;
  readonly ttlMs: number;
  readonly answer?: { readonly acquired: boolean; readonly token: number };
}

export interface RenewCall extends CallBase {
  readonly op: "renew";
  readonly lock: string;
  readonly token: number;
  readonly ttlMs: number;
  /** The caller never had this token. */
  readonly forged?: boolean;
  readonly answer?: Record<string, never>;
}

export interface ReleaseCall extends CallBase {
  readonly op: "release";
  readonly lock: string;
  readonly token: number;
  readonly forged?: boolean;
  readonly answer?: { readonly changed: boolean };
}

export type Status = "waiting" | "running" | "succeeded" | "failed" | "cancelled";

export interface Shown {
  readonly status: Status;
  readonly reason: string;
  readonly attempt: number;
}

/** What a watch showed. */
export interface Sight extends Shown {
  readonly watcher: string;
  readonly t: number;
  readonly id: string;
}

/** What a store that only lets rising tokens write said to the holder of a lock. */
export interface Effect {
  readonly t: number;
  readonly lock: string;
  readonly token: number;
  readonly accepted: boolean;
}

/** One line that a command wrote of itself. */
export interface LedgerLine {
  readonly what: "start" | "beat" | "end";
  readonly task: string;
  readonly attempt: number;
  readonly token: number;
  readonly agent: string;
  readonly pid: number;
  readonly t: number;
  /** Of `end`: the exit code that follows. */
  readonly code?: number;
}

export interface FinalTask extends Shown {
  readonly id: string;
  readonly name: string;
  readonly exitCode: number | null;
  /** The token that the command wrote as its result. */
  readonly result: string;
  readonly attempts: readonly FinalAttempt[];
}

export interface FinalAttempt {
  readonly number: number;
  readonly outcome: "none" | "succeeded" | "failed" | "cancelled" | "released";
  readonly reason: string;
  readonly token: number;
  /** Wall clock of the coordinators, ms: compared with each other only. */
  readonly leasedAt: number;
  readonly endedAt: number;
}

/** An agent that could not act, or could not be heard, from one time to another. */
export interface Disturbance {
  readonly agent: string;
  readonly from: number;
  readonly to: number;
}

export interface Violation {
  readonly rule: string;
  readonly says: string;
}
