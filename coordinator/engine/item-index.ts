import type { TaskRef } from "../kernel/task-ref.ts";
import type { Item } from "./item.ts";

/** The items in hand, by place. Seqs are unique in a shard, and a number is found without the text that a joint key would be. */
export class ItemIndex {
  readonly #shards: Map<number, Item>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(ref: TaskRef): Item | undefined {
    const item = this.#shards[ref.shard]?.get(ref.seq);
    // The lane of an id that was made up may be wrong.
    return item?.head.lane === ref.lane ? item : undefined;
  }

  has(ref: TaskRef): boolean {
    return this.get(ref) !== undefined;
  }

  set(item: Item): void {
    const { shard, seq } = item.head;
    while (this.#shards.length <= shard) this.#shards.push(new Map());
    const items = this.#shards[shard] as Map<number, Item>;
    this.#size -= items.size;
    items.set(seq, item);
    this.#size += items.size;
  }

  /** @returns whether it was there. */
  delete(ref: TaskRef): boolean {
    if (!this.has(ref)) return false;
    this.#size--;
    return (this.#shards[ref.shard] as Map<number, Item>).delete(ref.seq);
  }

  *values(): IterableIterator<Item> {
    for (const items of this.#shards) yield* items.values();
  }
}
