import type { TaskRef } from "../kernel/task-ref.ts";

/** Ends that are remembered: a power of two. */
const ENDS = 32_768;

const NONE = -1;

/**
 * Tokens of the tasks that ended last, the oldest forgotten first. A ring of numbers with a chained hash over it: what
 * every task passes through must leave nothing for the garbage collector.
 */
export class RecentEnds {
  readonly #shards = new Int32Array(ENDS);
  readonly #lanes = new Uint32Array(ENDS);
  readonly #seqs = new Float64Array(ENDS);
  readonly #tokens = new Float64Array(ENDS);
  /** First place of each chain, and the next place after each. */
  readonly #first = new Int32Array(ENDS).fill(NONE);
  readonly #after = new Int32Array(ENDS).fill(NONE);
  #count = 0;

  /** The token whose report ended it; 0: none did; undefined: it has not ended, or long ago. */
  get(ref: TaskRef): number | undefined {
    const place = this.#find(ref);
    return place === NONE ? undefined : (this.#tokens[place] as number);
  }

  has(ref: TaskRef): boolean {
    return this.#find(ref) !== NONE;
  }

  add(ref: TaskRef, token: number): void {
    const place = this.#count++ % ENDS;
    if (this.#count > ENDS) this.#unlink(place);
    this.#shards[place] = ref.shard;
    this.#lanes[place] = ref.lane;
    this.#seqs[place] = ref.seq;
    this.#tokens[place] = token;
    const chain = chainOf(ref.shard, ref.seq);
    this.#after[place] = this.#first[chain] as number;
    this.#first[chain] = place;
  }

  #find(ref: TaskRef): number {
    let place = this.#first[chainOf(ref.shard, ref.seq)] as number;
    while (place !== NONE && !this.#holds(place, ref)) place = this.#after[place] as number;
    return place;
  }

  #holds(place: number, { shard, lane, seq }: TaskRef): boolean {
    return this.#seqs[place] === seq && this.#shards[place] === shard && this.#lanes[place] === lane;
  }

  /** The oldest of a chain is its last. */
  #unlink(oldest: number): void {
    const chain = chainOf(this.#shards[oldest] as number, this.#seqs[oldest] as number);
    let before = NONE;
    for (let place = this.#first[chain] as number; place !== oldest; place = this.#after[place] as number)
      before = place;
    if (before === NONE) this.#first[chain] = NONE;
    else this.#after[before] = NONE;
  }
}

/** Seqs count up by one in each shard, so their low bits spread evenly. */
function chainOf(shard: number, seq: number): number {
  return (seq + shard * 509) & (ENDS - 1);
}
