import type { MoveRow } from "../../ports/rows.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./row-codec.ts";

/** Rows looked at in one step; a step holds up nothing for longer than a few ms. */
const STEP_ROWS = 4_000;

/**
 * Looks for tasks without an end in a sealed segment. It goes on where the last call left off: the segment gets no new
 * tasks, so what was seen to have ended has ended for good.
 */
export class UnfinishedScan {
  readonly #seg: number;
  readonly generation: number;
  #after: readonly [number, number, number] = [-1, 0, 0];
  #complete = false;
  /** Tasks that had no end when they were passed. */
  readonly found: MoveRow[] = [];

  constructor(seg: number, generation: number) {
    this.#seg = seg;
    this.generation = generation;
  }

  /** Looks on until the time is up. @returns whether it has come to the end. */
  async run(reader: Connection, budgetMs: number): Promise<boolean> {
    const until = performance.now() + budgetMs;
    while (!this.#complete && performance.now() < until) {
      reader.read(() => this.#step(reader));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#complete;
  }

  #step(reader: Connection): void {
    const seg = this.#seg;
    const rows = reader.prepare(
      `SELECT t.shard, t.lane, t.seq, t.created_at, t.run_at, e.seq IS NULL AS unended FROM task_${seg} t
        LEFT JOIN end_${seg} e ON e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq
      WHERE (t.shard, t.lane, t.seq) > (?, ?, ?) ORDER BY t.shard, t.lane, t.seq LIMIT ?`,
    );
    let count = 0;
    for (const row of rows.iterate(...this.#after, STEP_ROWS) as Iterable<Row>) {
      count++;
      this.#after = [row["shard"] as number, row["lane"] as number, row["seq"] as number];
      if (row["unended"] === 1) this.found.push(moveOf(row, seg));
    }
    this.#complete = count < STEP_ROWS;
  }
}

function moveOf(row: Row, seg: number): MoveRow {
  return {
    seg,
    shard: row["shard"] as number,
    lane: row["lane"] as number,
    seq: row["seq"] as number,
    createdAt: row["created_at"] as number,
    runAt: row["run_at"] as number,
  };
}
