/** A wait may take this long in one call when no other waits for its turn. */
const LONG_MS = 60_000;
/** And this long when others do, or are about to. */
const SHORT_MS = 1_000;

/**
 * Lets a bounded number of waiting calls be open at a time, so that they never take all streams of the connection from
 * the calls that do something. Behind the bound they take turns.
 */
export class WaitTurns {
  readonly #most: number;
  #open = 0;
  readonly #line: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Calls `wait` when it is its turn, with the time it may take, in milliseconds. */
  async take<T>(wait: (timeoutMs: number) => Promise<T>): Promise<T> {
    if (this.#open >= this.#most) await new Promise<void>((resolve) => this.#line.push(resolve));
    else this.#open++;
    try {
      return await wait(this.#line.length === 0 && this.#open <= this.#most / 2 ? LONG_MS : SHORT_MS);
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#open--;
      else next();
    }
  }
}
