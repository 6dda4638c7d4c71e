/** Chance that comes from a seed: the same seed draws the same numbers, on every machine. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Neighbouring seeds begin alike.
    for (let draw = 0; draw < 4; draw++) this.draw();
  }

  /** 0 ≤ number < 1 (mulberry32, T. Ettinger, public domain). */
  draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True in this share of the draws. */
  odds(share: number): boolean {
    return share > 0 && this.draw() < share;
  }

  /** 0 … count − 1. */
  below(count: number): number {
    return Math.floor(this.draw() * count);
  }

  between(low: number, high: number): number {
    return low + this.draw() * (high - low);
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error("nothing to pick from");
    return from[this.below(from.length)] as T;
  }
}
