import type { LockNeed, TaskLock } from "../kernel/task-lock.ts";
import type { Item } from "./item.ts";

/** Locks that are being taken, or were taken, for the next task of a lane. */
export interface Claim {
  readonly item: Item;
  /** Wall clock, for people. */
  readonly since: number;
  readonly held: TaskLock[];
  /** All are held: a worker may have the task. */
  ready: boolean;
  /** Gives up what is held and asked for, once; the lane's next task may ask after the pause (ms; none is given: at once). */
  end(pauseMs?: number): void;
}

/** Locks taken at a time for tasks of one lane, where permits allow it. */
const MOST = 32;

/**
 * The locks that tasks of a lane need. Its next tasks are in hand while locks are taken for them, at the front of the lane; one
 * is given out when it has all. What is taken and finds no worker is given up again by `claimLocks`.
 */
export class LaneLocks {
  /** In the order of names: whoever takes several takes them in this order, so that no two wait for one another. */
  readonly needs: readonly LockNeed[];
  readonly #most: number;
  readonly #claims = new Map<Item, Claim>();
  /** Why the newest claim came to nothing; "": it did not. */
  problem = "";

  constructor(needs: readonly LockNeed[]) {
    this.needs = needs;
    this.#most = Math.min(MOST, ...needs.map(({ permits }) => permits));
  }

  get hasReady(): boolean {
    for (const { ready } of this.#claims.values()) if (ready) return true;
    return false;
  }

  get canClaim(): boolean {
    return this.#claims.size < this.#most;
  }

  /** The lock that the oldest of its tasks waits for, and since when (wall clock); null: none does. */
  get waiting(): { readonly name: string; readonly since: number } | null {
    for (const { ready, held, since } of this.#claims.values()) {
      const next = this.needs[held.length];
      if (!ready && next !== undefined) return { name: next.name, since };
    }
    return null;
  }

  /** A worker would take a task, and others hold what it needs. */
  get isBlocked(): boolean {
    return !this.hasReady && (this.#claims.size > 0 || this.problem !== "");
  }

  has(item: Item): boolean {
    return this.#claims.has(item);
  }

  /** Whether the claim is not over. */
  holds(claim: Claim): boolean {
    return this.#claims.get(claim.item) === claim;
  }

  add(claim: Claim): void {
    this.#claims.set(claim.item, claim);
  }

  /** The claim is over, whatever becomes of what it held. @returns false: it was before. */
  forget(claim: Claim): boolean {
    return this.#claims.get(claim.item) === claim && this.#claims.delete(claim.item);
  }

  /** The oldest claim that has everything, which is its attempt's from now on. */
  takeReady(): Claim | null {
    for (const claim of this.#claims.values())
      if (claim.ready) {
        this.#claims.delete(claim.item);
        return claim;
      }
    return null;
  }

  /** The task waits no more. */
  drop(item: Item): void {
    this.#claims.get(item)?.end();
  }

  /** Another coordinator takes them for these tasks. */
  dropShard(shard: number): void {
    for (const claim of [...this.#claims.values()]) if (claim.item.head.shard === shard) claim.end();
  }
}
