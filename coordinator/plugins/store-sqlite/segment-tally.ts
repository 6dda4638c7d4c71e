import type { EndRow, TaskRow } from "../../ports/rows.ts";
import type { Handles } from "./handles.ts";

interface Tally {
  tasks: number;
  ends: number;
  newestEnd: number;
}

/** What a transaction changes about segments as wholes, so that retention need not count rows. */
export class SegmentTally {
  readonly #segments = new Map<number, Tally>();

  #of(seg: number): Tally {
    let tally = this.#segments.get(seg);
    if (tally === undefined) {
      tally = { tasks: 0, ends: 0, newestEnd: 0 };
      this.#segments.set(seg, tally);
    }
    return tally;
  }

  task(row: TaskRow): void {
    this.#of(row.seg).tasks++;
  }

  end(row: EndRow): void {
    const tally = this.#of(row.seg);
    tally.ends++;
    if (row.at > tally.newestEnd) tally.newestEnd = row.at;
  }

  /** The mark that a moved task leaves behind is no end in the sense of retention. */
  move(row: { readonly seg: number }): void {
    if (row.seg !== 0) this.#of(row.seg).ends++;
  }

  write({ writer }: Handles): void {
    const update = writer.prepare(
      "UPDATE segment SET tasks = tasks + ?, ends = ends + ?, newest_end = max(newest_end, ?) WHERE seg = ?",
    );
    for (const [seg, { tasks, ends, newestEnd }] of this.#segments)
      if (seg !== 0) update.run(tasks, ends, newestEnd, seg);
  }
}
