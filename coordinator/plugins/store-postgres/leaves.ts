import type { ReadPool } from "./read-pool.ts";

/** Which segments have tables. Leaves are never dropped, so what was found once is there for good. */
export class Leaves {
  readonly #pool: ReadPool;
  readonly #known = new Set([0]);

  constructor(pool: ReadPool) {
    this.#pool = pool;
  }

  /** Those of `segs` that have tables, in their order; a segment that is not there holds nothing. */
  async existing(segs: readonly number[]): Promise<readonly number[]> {
    const unknown = segs.filter((seg) => !this.#known.has(seg));
    if (unknown.length > 0) {
      const found = await this.#pool.rows({
        name: "leaves",
        text: "SELECT seg FROM unnest($1::int[]) seg WHERE to_regclass('tss_flush_' || seg) IS NOT NULL",
        values: [unknown],
      });
      for (const row of found) this.#known.add(row.seg);
    }
    return segs.filter((seg) => this.#known.has(seg));
  }
}
