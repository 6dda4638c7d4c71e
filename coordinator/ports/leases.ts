/**
 * Leases of processes, by name: held while the process renews them, gone a term after it has stopped. A hint of who lives,
 * never a right: what must be safe is fenced by epochs. Plugins: `redis`; without one, the database's own signs of life count.
 */
export interface Leases {
  /** Longest time in ms that a lease outlives its process. */
  readonly ttlMs: number;
  /** Takes the lease and renews it until it is let go; a lost one is taken again by itself. */
  hold(name: string): Promise<void>;
  /** The lease is free for others at once. */
  letGo(name: string): Promise<void>;
  /** Which of the names are held by anybody; null: that cannot be known now. */
  held(names: readonly string[]): Promise<ReadonlySet<string> | null>;
  /** Wakes every process that listens, this one too; may be lost. */
  wake(topic: string): void;
  onWake(topic: string, listener: () => void): () => void;
  close(): Promise<void>;
}
