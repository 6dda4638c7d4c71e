/** The parts of `process` that a ladder needs. */
export interface SignalSource {
  on(event: string, heard: (value: unknown) => void): unknown;
  off(event: string, heard: (value: unknown) => void): unknown;
}

/** What each further wish to end does. */
export interface Ladder {
  first(signal: string): void;
  second(signal: string): void;
  third(signal: string): void;
}

/** A terminal and a launcher may both deliver one Ctrl-C; a person who means it twice takes longer than this. */
const SAME_SIGNAL_MS = 200;

/**
 * Climbs one step with every SIGTERM or SIGINT; SIGQUIT goes to the second step at once. Signals within 200 ms of the
 * one before count as that one.
 * @returns what takes the handlers off.
 */
export function followSignals(
  source: SignalSource,
  ladder: Ladder,
  now: () => number = () => performance.now(),
): () => void {
  let step = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  const climb = (signal: string, atLeast: number): void => {
    const at = now();
    if (at - lastAt < SAME_SIGNAL_MS && step >= atLeast) return;
    lastAt = at;
    step = Math.max(step + 1, atLeast);
    if (step === 1) ladder.first(signal);
    else if (step === 2) ladder.second(signal);
    else ladder.third(signal);
  };
  const handlers = (["SIGTERM", "SIGINT", "SIGQUIT"] as const).map((signal) => {
    const heard = (): void => climb(signal, signal === "SIGQUIT" ? 2 : 1);
    source.on(signal, heard);
    return () => source.off(signal, heard);
  });
  return () => {
    for (const off of handlers) off();
  };
}
