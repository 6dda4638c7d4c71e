import { isOrphan } from "./adopt-leases.ts";
import { concludeAttempt } from "./attempt-end.ts";
import { closeSession } from "./close-session.ts";
import type { Item } from "./item.ts";
import { type EngineState, isOwned } from "./state.ts";

/** Nothing is heard of the attempt any more: it counts, and the task goes on without it. */
export function loseAttempt(state: EngineState, item: Item): void {
  // Who reminds us may be late: the shard may have left, and come back with other items, since.
  if (state.items.get(item.head) !== item) return;
  if (item.state !== "running" || !isOwned(state, item.head.shard)) return;
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
  /** Attempts of owners before, whose workers have not come back yet, and since when they could have. */
  #orphans: { readonly items: readonly Item[]; since: number }[] = [];
  #last: number;
  #rest: () => void = () => {};

  constructor(state: EngineState) {
    this.#state = state;
    this.#everyMs = Math.min(1_000, state.config.leaseTtlMs / 4);
    this.#last = state.clock.monotonic();
  }

  start(): void {
    this.watchOrphans(new Set([...this.#state.shards].map(({ shard }) => shard)));
    this.#last = this.#state.clock.monotonic();
    this.#rest = this.#state.timers.every(this.#everyMs, () => this.sweep());
  }

  /** The running attempts of shards that were taken up have a term to be announced. */
  watchOrphans(shards: ReadonlySet<number>): void {
    const { items } = this.#state;
    const running = [...items.values()].filter((item) => item.state === "running" && shards.has(item.head.shard));
    this.watch(running);
  }

  watch(items: readonly Item[]): void {
    if (items.length > 0) this.#orphans.push({ items, since: this.#state.clock.monotonic() });
  }

  stop(): void {
    this.#rest();
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
    if (away) for (const group of this.#orphans) group.since = now;
    this.#orphans = this.#orphans.filter(({ items, since }) => {
      if (now - since <= this.#state.config.leaseTtlMs) return true;
      for (const item of items) if (isOrphan(this.#state, item)) loseAttempt(this.#state, item);
      return false;
    });
    if (this.#orphans.length === 0 && this.#state.recovering === 0) this.#state.orphans.clear();
  }
}
