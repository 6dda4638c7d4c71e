import { constants } from "node:os";

/** What the user asked for with signals while a task is followed. */
export interface Interrupts {
  /** Fires when the task is to be left: the second Ctrl-C. */
  readonly leave: AbortSignal;
  /** Exit code of the first signal (130 for Ctrl-C); undefined while there was none. */
  readonly exitCode: number | undefined;
  stop(): void;
}

/**
 * Listens for signals: the first one calls `onFirst` (cancel the task), a further Ctrl-C leaves. SIGTERM and SIGHUP may
 * come twice for one reason and never leave.
 */
export function listenForInterrupts(onFirst: (signal: NodeJS.Signals) => void): Interrupts {
  const leave = new AbortController();
  let exitCode: number | undefined;
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  const handlers = signals.map((signal) => () => {
    if (exitCode === undefined) {
      exitCode = 128 + constants.signals[signal];
      onFirst(signal);
    } else if (signal === "SIGINT") leave.abort();
  });
  for (const [index, signal] of signals.entries()) process.on(signal, handlers[index] ?? (() => {}));
  return {
    leave: leave.signal,
    get exitCode() {
      return exitCode;
    },
    stop() {
      for (const [index, signal] of signals.entries()) process.removeListener(signal, handlers[index] ?? (() => {}));
    },
  };
}
