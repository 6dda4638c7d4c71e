/**
 * What the owner need not read again, because nobody else changes it while it owns the shards. Each part is read from
 * the database when it is null and forgotten when a transaction fails.
 */
export class OwnerMemory {
  /** Days that have a gate table, as YYYYMMDD. */
  gateDays: Set<string> | null = null;
  /** Generation of each segment of the ring. */
  generations: ReadonlyMap<number, number> | null = null;
  /** Segments given back whose tables are not dropped yet: nobody may see what is still in them. */
  readonly freed = new Set<number>();
  /** Newest generation noted for a session. */
  readonly sessions = new Map<number, number>();

  /** Forgets all but `freed`, which changes only after a commit. */
  forget(): void {
    this.gateDays = null;
    this.generations = null;
    this.sessions.clear();
  }
}
