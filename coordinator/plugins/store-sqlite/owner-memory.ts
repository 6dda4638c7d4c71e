/**
 * What the owner need not read again, because nobody else changes it while it owns the shards. Each part is read from
 * the database when it is null and forgotten when a transaction fails.
 */
export class OwnerMemory {
  /** Days that have a gate table, as YYYYMMDD. */
  gateDays: Set<string> | null = null;
  /** Generation of each segment of the ring. */
  generations: ReadonlyMap<number, number> | null = null;
  /** Newest generation noted for a session. */
  readonly sessions = new Map<number, number>();
  /** Per segment: no task without an end expires before this. */
  readonly expiryFloors = new Map<number, number>();

  forget(): void {
    this.gateDays = null;
    this.generations = null;
    this.sessions.clear();
    this.expiryFloors.clear();
  }
}
