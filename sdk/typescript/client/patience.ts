import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../../proto/errors.ts";

/** Goes on after a lost connection: waits longer each time, and gives up when nothing has answered for a while. */
export interface Patience {
  /** Something has answered. */
  answered(): void;
  /**
   * A call failed: resolves when it is time to try again.
   * @throws the error itself when trying again cannot help, or the time is up.
   */
  failed(error: unknown, signal: AbortSignal): Promise<void>;
}

const TRANSIENT: ReadonlySet<string> = new Set(["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"]);
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/**
 * @param giveUpMs longest time without an answer.
 * @param onLost called once per lost connection.
 */
export function createPatience(giveUpMs: number, onLost: () => void): Patience {
  let lostAt: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  return {
    answered() {
      lostAt = undefined;
      pauseMs = FIRST_PAUSE_MS;
    },
    async failed(error, signal) {
      if (signal.aborted || !(error instanceof TssError) || !TRANSIENT.has(error.code)) throw error;
      if (lostAt === undefined) {
        lostAt = performance.now();
        onLost();
      }
      if (performance.now() - lostAt > giveUpMs) throw error;
      await pause(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    },
  };
}
