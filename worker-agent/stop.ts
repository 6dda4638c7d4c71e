/** Why a running attempt is ended before its time. */
export type StopCause =
  /** A call asked for it. */
  | "aborted"
  | "timed_out"
  | "heartbeat"
  /** A lock it held is not its own any more. */
  | "lock_lost"
  /** The agent leaves. */
  | "drained"
  /** Contact with the coordinator was lost for so long that it will run the task elsewhere. */
  | "lost"
  /** The lease belongs to somebody else: nobody wants to hear of it. */
  | "fenced";

/** The order to end one attempt: gently first, then by force. */
export interface Stop {
  readonly cause: StopCause | undefined;
  /** Aborted by the first order. */
  readonly soft: AbortSignal;
  /** Aborted when the grace is over. */
  readonly hard: AbortSignal;
  /** The first cause stays, but `fenced` overrides; of several graces the one that ends first counts. */
  order(cause: StopCause, graceMs: number): void;
  /** The attempt has ended: nothing is due any more. */
  close(): void;
}

export function createStop(): Stop {
  const soft = new AbortController();
  const hard = new AbortController();
  let cause: StopCause | undefined;
  const timers: NodeJS.Timeout[] = [];
  let closed = false;
  return {
    get cause() {
      return cause;
    },
    soft: soft.signal,
    hard: hard.signal,
    order(newCause, graceMs) {
      if (closed) return;
      if (cause === undefined || newCause === "fenced") cause = newCause;
      if (graceMs <= 0) hard.abort();
      else timers.push(setTimeout(() => hard.abort(), graceMs));
      soft.abort();
    },
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
