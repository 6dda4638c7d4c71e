import type { OwnedShard } from "../ports/store.ts";
import type { Shard } from "./shard.ts";

/** The shards of this installation that this coordinator owns now. */
export class ShardSet implements Iterable<Shard> {
  /** Of the whole installation. */
  readonly count: number;
  readonly #owned = new Map<number, Shard>();
  #inOrder: readonly Shard[] = [];
  #lowestEpoch = Number.POSITIVE_INFINITY;
  readonly #watchers = new Set<() => void>();

  constructor(count: number) {
    this.count = count;
  }

  get size(): number {
    return this.#owned.size;
  }

  find(shard: number): Shard | undefined {
    return this.#owned.get(shard);
  }

  add(shard: Shard): void {
    this.#owned.set(shard.shard, shard);
    this.#sort();
  }

  delete(shard: number): void {
    this.#owned.delete(shard);
    this.#sort();
  }

  /** Those that take new tasks. */
  get serving(): readonly Shard[] {
    return this.#inOrder.filter((shard) => shard.phase === "serving");
  }

  get owners(): readonly OwnedShard[] {
    return this.#inOrder.map(({ shard, epoch }) => ({ shard, epoch }));
  }

  /** Of those that are owned; a number of a lower one is none that nobody here has given. */
  get lowestEpoch(): number {
    return this.#lowestEpoch;
  }

  /** Calls back whenever which of them are served may have changed. @returns the end of it. */
  onServed(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  tellServed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** In the order of their numbers. */
  [Symbol.iterator](): Iterator<Shard> {
    return this.#inOrder[Symbol.iterator]();
  }

  #sort(): void {
    this.#inOrder = [...this.#owned.values()].sort((a, b) => a.shard - b.shard);
    this.#lowestEpoch = Math.min(...this.#inOrder.map(({ epoch }) => epoch));
  }
}
