import type { FlushBatch } from "../../ports/store.ts";

/**
 * Up to which expiry every task of a segment has ended, so that looking for expired tasks does not walk over all that
 * ended long ago. Exact for the owner, whose flushes are the only writes: each one lowers the marks it must.
 */
export class ExpiryMarks {
  readonly #marks = new Map<number, number>();
  #changes = 0;
  #exact = false;

  /** Number of changes so far; `raise` needs the one from before its reading. */
  get changes(): number {
    return this.#changes;
  }

  /** Tasks that expire at or before this have ended. */
  of(seg: number): number {
    return this.#marks.get(seg) ?? 0;
  }

  /** Before a flush is sent: its tasks may expire below a mark. */
  note(batch: FlushBatch): void {
    for (const { seg, expiresAt } of batch.tasks)
      if (expiresAt > 0) {
        this.#changes++;
        if (expiresAt <= this.of(seg)) this.#marks.set(seg, expiresAt - 1);
      }
    if (batch.moves.length > 0) this.forget(0);
  }

  /** Ignored when anything changed since the reading began, and for who is not the owner. */
  raise(seg: number, to: number, changesBefore: number): void {
    if (this.#exact && changesBefore === this.#changes) this.#marks.set(seg, to);
  }

  forget(seg: number): void {
    this.#changes++;
    this.#marks.delete(seg);
  }

  /** This process is the owner from now on: no flush but its own changes anything. */
  begin(): void {
    this.#exact = true;
    this.#changes++;
    this.#marks.clear();
  }
}
