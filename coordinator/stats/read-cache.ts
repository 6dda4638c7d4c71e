/** Answers to the same question within a short time are one answer: a thousand viewers read the store as often as one. */
export class ReadCache<T> {
  readonly #keptMs: number;
  readonly #most: number;
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();

  constructor(keptMs: number, most: number) {
    this.#keptMs = keptMs;
    this.#most = most;
  }

  get(key: string, now: number, read: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key);
    if (known !== undefined && Math.abs(now - known.at) < this.#keptMs) return known.answer;
    const answer = read();
    this.#answers.delete(key);
    this.#answers.set(key, { at: now, answer });
    // What failed is asked again by the next one.
    answer.catch(() => {
      if (this.#answers.get(key)?.answer === answer) this.#answers.delete(key);
    });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }
}
