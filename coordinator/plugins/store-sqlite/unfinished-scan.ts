import type { MoveRow } from "../../ports/rows.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./row-codec.ts";

/** Rows looked at in one step; a step holds up nothing for longer than a few ms. */
const STEP_ROWS = 5_000;

/**
 * Looks for tasks without an end in a sealed segment. It goes on where the last call left off: the segment gets no new
 * tasks, so what was seen to have ended has ended for good.
 */
export class UnfinishedScan {
  readonly #seg: number;
  readonly generation: number;
  #after: Place = [-1, 0, 0];
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

  /** Finds where the step ends, then asks for what has no end on the way: rows that have ended never leave SQLite. */
  #step(reader: Connection): void {
    const seg = this.#seg;
    const until = reader
      .prepare(
        `SELECT shard, lane, seq FROM task_${seg} WHERE (shard, lane, seq) > (?, ?, ?)
          ORDER BY shard, lane, seq LIMIT 1 OFFSET ?`,
      )
      .get(...this.#after, STEP_ROWS - 1);
    const place = until === undefined ? LAST : placeOf(until);
    const rows = reader
      .prepare(
        `SELECT t.shard, t.lane, t.seq, t.created_at, t.run_at FROM task_${seg} t
          WHERE (t.shard, t.lane, t.seq) > (?, ?, ?) AND (t.shard, t.lane, t.seq) <= (?, ?, ?)
            AND NOT EXISTS (SELECT 1 FROM end_${seg} e WHERE e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq)`,
      )
      .all(...this.#after, ...place);
    for (const row of rows) this.found.push(moveOf(row, seg));
    this.#after = place;
    this.#complete = until === undefined;
  }
}

type Place = readonly [shard: number, lane: number, seq: number];

const LAST: Place = [Number.MAX_SAFE_INTEGER, 0, 0];

const placeOf = (row: Row): Place => [row["shard"] as number, row["lane"] as number, row["seq"] as number];

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
