import type { FlushBatch } from "../../ports/store.ts";
import { BinaryRows } from "./binary-rows.ts";
import {
  ENDS,
  EVENTS,
  flushRows,
  GATES,
  MOVES,
  type RowFormat,
  SESSIONS,
  type SessionUse,
  TASKS,
  USES,
} from "./encode-rows.ts";

/** The call of a flush; the order of its parameters is that of `encode`. */
export const WRITE_SQL =
  "SELECT kind, idx, hash, answer FROM tss_write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/** Ids of the row types in this database, by name. */
export type TypeIds = ReadonlyMap<string, number>;

export const ROW_TYPES: readonly string[] = [
  "tss_flush",
  ...[TASKS, EVENTS, ENDS, GATES, MOVES, SESSIONS, USES].map((format) => format.type),
];

/** Turns batches into parameters. Its buffers are used again: one batch at a time. */
export class BatchEncoder {
  readonly #groups = Array.from({ length: 9 }, () => new BinaryRows());

  encode(batch: FlushBatch, slots: readonly number[], uses: readonly SessionUse[], types: TypeIds): unknown[] {
    let used = 0;
    const rows = <T>(format: RowFormat<T>, list: readonly T[]): Buffer | null => {
      if (list.length === 0) return null;
      const group = this.#groups[used++]!;
      group.begin(types.get(format.type) ?? 0, list.length);
      for (const row of list) {
        group.row(format.columns);
        format.write(group, row);
        group.endRow();
      }
      return group.finish();
    };
    const keyed = batch.keys.length > 0;
    return [
      batch.at,
      slots.length === 0 ? "{}" : `{${slots.join(",")}}`,
      rows(flushRows(batch), batch.shards),
      rows(TASKS, batch.tasks),
      rows(EVENTS, batch.events),
      rows(ENDS, batch.ends),
      rows(GATES, batch.requests),
      rows(GATES, batch.keys),
      keyed ? `{${batch.taskKeys.join(",")}}` : null,
      rows(MOVES, batch.moves),
      rows(SESSIONS, batch.sessions),
      rows(USES, uses),
      `{${ringSegments(batch).join(",")}}`,
    ];
  }
}

/** Segments of the ring that the batch's tasks go to: one as a rule. */
function ringSegments(batch: FlushBatch): number[] {
  const found: number[] = [];
  for (const { seg } of batch.tasks) if (seg !== 0 && !found.includes(seg)) found.push(seg);
  return found;
}
