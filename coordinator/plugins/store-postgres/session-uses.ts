import type { EventRow } from "../../ports/rows.ts";
import type { SessionUse } from "./encode-rows.ts";

const MOST = 100_000;

/**
 * Remembers which sessions already have an event in which segment, so that each such pair is written about once. To
 * forget one costs no more than a row that is ignored.
 */
export class SessionUses {
  readonly #known = new Map<number, Set<number>>();
  #size = 0;

  /** Pairs of these events that were not confirmed before. */
  fresh(events: readonly EventRow[]): SessionUse[] {
    const found: SessionUse[] = [];
    const seen = new Map<number, Set<number>>();
    for (const { seg, session } of events) {
      // Segment 0 is small: who prunes sessions looks into it.
      if (session === 0 || seg === 0 || this.#known.get(seg)?.has(session)) continue;
      const here = seen.get(seg) ?? new Set();
      if (here.has(session)) continue;
      seen.set(seg, here.add(session));
      found.push({ seg, session });
    }
    return found;
  }

  /** The pairs are committed. */
  confirm(uses: readonly SessionUse[]): void {
    if (this.#size + uses.length > MOST) this.clear();
    for (const { seg, session } of uses) {
      const here = this.#known.get(seg) ?? new Set();
      this.#known.set(seg, here.add(session));
    }
    this.#size += uses.length;
  }

  /** After a segment was emptied: its pairs are gone. */
  clear(): void {
    this.#known.clear();
    this.#size = 0;
  }
}
