import type { Logger } from "../runtime/logger.ts";
import type { Agent } from "./agent.ts";

export interface SignalSource {
  on(signal: NodeJS.Signals, heard: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, heard: (signal: NodeJS.Signals) => void): unknown;
}

/** A terminal and a launcher may both deliver one Ctrl-C; a person who means it twice takes longer than this. */
const SAME_SIGNAL_MS = 200;
const LADDER: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

/**
 * The ladder of an agent: the first SIGTERM or SIGINT drains it, the second ends what still runs, the third calls `exit`
 * without waiting for anything. SIGQUIT drains and ends what runs at once. Returns what takes the handlers off.
 */
export function followSignals(source: SignalSource, agent: Agent, logger: Logger, exit: () => void): () => void {
  let step = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  const climb = (signal: NodeJS.Signals): void => {
    const at = performance.now();
    if (at - lastAt < SAME_SIGNAL_MS) return;
    lastAt = at;
    step += 1;
    if (step === 1) {
      logger.info({ signal }, "the agent takes nothing more and finishes what runs");
      void agent.drain();
    } else if (step === 2) {
      logger.warn({ signal }, "the agent ends what runs");
      agent.cancel();
    } else exit();
  };
  const quit = (signal: NodeJS.Signals): void => {
    logger.warn({ signal }, "the agent ends what runs");
    step = 2;
    void agent.drain();
    agent.cancel();
  };
  for (const signal of LADDER) source.on(signal, climb);
  source.on("SIGQUIT", quit);
  return () => {
    for (const signal of LADDER) source.off(signal, climb);
    source.off("SIGQUIT", quit);
  };
}
