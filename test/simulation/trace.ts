const KEPT = 4_000;

/** What happened, in order: a number over everything, and the last things in words. */
export class Trace {
  readonly #last: string[] = [];
  readonly #times: number[] = [];
  #count = 0;
  #hash = 0x811c9dc5;

  add(at: number, what: string): void {
    const place = this.#count++ % KEPT;
    this.#last[place] = what;
    this.#times[place] = at;
    // FNV-1a over the words and the moment.
    let hash = Math.imul(this.#hash ^ Math.floor(at * 1_000), 0x01000193);
    for (let index = 0; index < what.length; index++) hash = Math.imul(hash ^ what.charCodeAt(index), 0x01000193);
    this.#hash = hash;
  }

  /** The same for histories in which the same happened at the same moments. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** The last things, oldest first, without what happens all the time. */
  tail(count: number): string[] {
    const kept = Math.min(this.#count, KEPT);
    const lines = Array.from({ length: kept }, (_, index) => {
      const place = (this.#count - kept + index) % KEPT;
      return { at: this.#times[place] as number, what: this.#last[place] as string };
    });
    return lines
      .filter(({ what }) => !what.endsWith(" timer") && !what.endsWith(" turn"))
      .slice(-count)
      .map(({ at, what }) => `${(at / 1_000).toFixed(4).padStart(9)} s  ${what}`);
  }
}
