/** One attempt, as its handler sees it. */
export interface AttemptContext {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly labels: Readonly<Record<string, string>>;
  /** 1, 2, 3 … */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Rises with every attempt of a task: hand it to stores that refuse older ones. */
  readonly fencingToken: bigint;
  /** The locks it holds while it runs, by name: fencing token of each. What it writes to should refuse lower ones. */
  readonly locks: ReadonlyMap<string, number>;
  /** W3C traceparent of the submit; "" when there is none. */
  readonly traceparent: string;
  /** When the attempt must have ended; undefined: it may run for ever. */
  readonly deadline: Date | undefined;
  /** Fires when the work is no longer wanted; its reason is a `StoppedError`. */
  readonly signal: AbortSignal;
  /** How far it is, 0–100, with a word on what is done now. Sent at most ten times a second; also a heartbeat. */
  progress(percent: number, message?: string): void;
  /** Leaves a line for people; the newest 100 of an attempt are kept. */
  message(text: string): void;
  /** Shows that the handler is alive, for tasks with a heartbeat timeout. */
  heartbeat(): void;
}

/** Does the work of a type. What it returns is the result; what it throws fails the attempt. */
export type Handler<I, R> = (input: I, task: AttemptContext) => R | Promise<R>;

export interface TypedHandler<I = unknown, R = unknown> {
  readonly type: string;
  readonly run: Handler<I, R>;
}
