import type { FlushBatch } from "../../ports/store.ts";
import type { Leaves } from "./leaves.ts";
import type { ReadPool } from "./read-pool.ts";

/**
 * The latest expiry of a task in each segment, so that an owner with nothing to expire asks the database nothing. Right for
 * the owner alone, whose flushes are the only writes.
 */
export class LatestExpiries {
  readonly #pool: ReadPool;
  readonly #leaves: Leaves;
  readonly #latest = new Map<number, number>();
  #owner = false;

  constructor(pool: ReadPool, leaves: Leaves) {
    this.#pool = pool;
    this.#leaves = leaves;
  }

  /** This process is the owner from now on. */
  begin(): void {
    this.#owner = true;
    this.#latest.clear();
  }

  /** Before a flush is sent. */
  note(batch: FlushBatch): void {
    for (const { seg, expiresAt } of batch.tasks) {
      const latest = this.#latest.get(seg);
      if (latest !== undefined && expiresAt > latest) this.#latest.set(seg, expiresAt);
    }
    if (batch.moves.length > 0) this.forget(0);
  }

  /** The segment was emptied, or has got tasks of another. */
  forget(seg: number): void {
    this.#latest.delete(seg);
  }

  /** Those of `segs` in which anything expires later than `from`. */
  async thatMayHold(segs: readonly number[], from: number): Promise<readonly number[]> {
    if (!this.#owner) return segs;
    const unknown = segs.filter((seg) => !this.#latest.has(seg));
    for (const seg of await this.#leaves.existing(unknown)) await this.#look(seg);
    return segs.filter((seg) => (this.#latest.get(seg) ?? 0) > from);
  }

  /** What is flushed during the read is known or is read. */
  async #look(seg: number): Promise<void> {
    this.#latest.set(seg, 0);
    try {
      const [row] = await this.#pool.rows({
        name: `latest_expiry_${seg}`,
        text: `SELECT coalesce(max(expires_at), 0) AS latest FROM tss_task_${seg} WHERE expires_at > 0`,
      });
      this.#latest.set(seg, Math.max(row.latest, this.#latest.get(seg) ?? Number.MAX_SAFE_INTEGER));
    } catch (error) {
      this.forget(seg);
      throw error;
    }
  }
}
