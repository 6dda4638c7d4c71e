import { closeSession } from "./attach.ts";
import { concludeAttempt } from "./attempt-end.ts";
import type { Item } from "./item.ts";
import type { EngineState } from "./state.ts";

/** Nothing is heard of the attempt any more: it counts, and the task goes on without it. */
export function loseAttempt(state: EngineState, item: Item): void {
  if (item.state !== "running") return;
  concludeAttempt(state, item, { kind: "lose", token: item.token }, {});
}

/** A sweep this much later than planned means that this process, not the workers, was away. */
const LATE_MS = 1_000;

/**
 * Ends sessions that were silent for a whole lease term during which they could have been heard: not while this process was
 * stopped or starved, and not while the database was away. Workers of the owner before have the same term to come back.
 */
export class SessionSweep {
  readonly #state: EngineState;
  readonly #everyMs: number;
  /** Attempts of the owner before, whose workers have not come back yet, and since when they could have. */
  #orphans: readonly Item[] = [];
  #orphansSince = 0;
  #last: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(state: EngineState) {
    this.#state = state;
    this.#everyMs = Math.min(1_000, state.config.leaseTtlMs / 4);
    this.#last = state.clock.monotonic();
  }

  start(): void {
    this.#orphans = [...this.#state.items.values()].filter((item) => item.state === "running");
    this.#orphansSince = this.#last = this.#state.clock.monotonic();
    this.#timer = setInterval(() => this.sweep(), this.#everyMs);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  sweep(): void {
    const state = this.#state;
    const now = state.clock.monotonic();
    const away = now - this.#last > this.#everyMs + LATE_MS || state.storeProblem !== null;
    this.#last = now;
    this.#sweepOrphans(now, away);
    for (const session of [...state.sessions.values()]) {
      if (away) session.seenAt = Math.max(session.seenAt, now);
      else if (now - session.seenAt > state.config.leaseTtlMs) {
        state.logger.warn({ session: session.id, worker: session.info.name, held: session.held.size }, "worker lost");
        closeSession(state, session);
      }
    }
  }

  #sweepOrphans(now: number, away: boolean): void {
    if (away) this.#orphansSince = now;
    if (this.#orphans.length === 0 || now - this.#orphansSince <= this.#state.config.leaseTtlMs) return;
    for (const item of this.#orphans) if (item.attempt?.session === null) loseAttempt(this.#state, item);
    this.#orphans = [];
  }
}
