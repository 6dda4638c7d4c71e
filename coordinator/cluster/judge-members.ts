import type { Candidate } from "../kernel/plan-shards.ts";
import type { Member } from "../ports/shared-store.ts";

/** Looks in a row without a session before a member counts as dead: a session that was cut off is back by then. */
const GONE_AFTER = 2;

/**
 * Who lives, from what the database and the leases say. A killed process loses its session at once; a stopped one, or one
 * whose host is gone, goes silent in both. A lease that is missing alone means nothing: the other store may have been emptied.
 */
export class MemberJudge {
  /** Looks in a row in which the member had no session. */
  readonly #gone = new Map<number, number>();
  readonly #silentMs: number;

  /** @param silentMs silence in the database from which a member counts as dead. */
  constructor(silentMs: number) {
    this.#silentMs = silentMs;
  }

  /** @param held members that hold their lease; null: that cannot be known. */
  judge(self: number, members: readonly Member[], held: ReadonlySet<number> | null): readonly Candidate[] {
    for (const known of this.#gone.keys())
      if (!members.some(({ member }) => member === known)) this.#gone.delete(known);
    return members.map(({ member, leaving, connected, silentMs }) => {
      const gone = connected ? 0 : (this.#gone.get(member) ?? 0) + 1;
      this.#gone.set(member, gone);
      const silent = silentMs > this.#silentMs && held?.has(member) !== true;
      return { member, leaving, alive: member === self || (gone < GONE_AFTER && !silent) };
    });
  }
}
