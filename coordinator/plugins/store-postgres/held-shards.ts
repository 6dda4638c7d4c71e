import type { OwnedShard } from "../../ports/store.ts";

/** Shards that this process owns as far as it knows: what it reads on its own behalf are their tasks alone. */
export class HeldShards {
  readonly #shards = new Set<number>();

  get any(): boolean {
    return this.#shards.size > 0;
  }

  get list(): readonly number[] {
    return [...this.#shards];
  }

  add(owned: readonly OwnedShard[]): void {
    for (const { shard } of owned) this.#shards.add(shard);
  }

  remove(owned: readonly OwnedShard[]): void {
    for (const { shard } of owned) this.#shards.delete(shard);
  }
}
