/** Stands for every name beyond the bound. */
export const OTHER = "other";

/**
 * Keeps the values of one label bounded: the first `most` names stay as they are, every further one becomes `other`, so
 * that a client that makes up queue names cannot fill the memory of this process or of who scrapes it.
 */
export class LabelNames {
  readonly #most: number;
  readonly #known = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#most) return OTHER;
    this.#known.add(name);
    return name;
  }
}
