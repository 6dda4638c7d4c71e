import type { StatementSync } from "node:sqlite";
import type { EndRow, EventRow, MoveRow, TaskRow } from "../../ports/rows.ts";
import type { Connection } from "./connection.ts";
import { encodeLabels } from "./row-codec.ts";
import { isMissingTable } from "./sqlite-errors.ts";

/** The statement of each row's segment; rows of one segment mostly follow one another. */
function perSegment(writer: Connection, sql: (seg: number) => string): (seg: number) => StatementSync {
  let current = -1;
  let statement: StatementSync | undefined;
  return (seg) => {
    if (statement === undefined || seg !== current) {
      statement = writer.prepare(sql(seg));
      current = seg;
    }
    return statement;
  };
}

export function insertTask(writer: Connection): (row: TaskRow) => void {
  const insert = perSegment(
    writer,
    (seg) => `INSERT INTO task_${seg} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (row) => {
    insert(row.seg).run(
      row.shard,
      row.lane,
      row.seq,
      row.createdAt,
      row.runAt,
      row.expiresAt,
      row.timeoutMs,
      row.maxAttempts,
      row.name,
      row.type,
      encodeLabels(row.labels),
      row.submittedBy,
      row.retryOf,
      row.spec,
    );
  };
}

export function insertEvent(writer: Connection): (row: EventRow) => void {
  const insert = perSegment(writer, (seg) => `INSERT INTO event_${seg} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return (row) => {
    insert(row.seg).run(
      row.shard,
      row.lane,
      row.seq,
      row.ord,
      row.kind,
      row.attempt,
      row.at,
      row.session,
      row.nextAt,
      row.detail,
    );
  };
}

/**
 * Writes an end where its task is and has none. False: it lost, to an earlier end or because its segment has been given
 * back meanwhile (its unfinished tasks are in segment 0 by then).
 */
export function insertEnd(writer: Connection): (row: EndRow) => boolean {
  const insert = perSegment(
    writer,
    (seg) => `INSERT INTO end_${seg} SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
      WHERE EXISTS (SELECT 1 FROM task_${seg} WHERE shard = ?1 AND lane = ?2 AND seq = ?3) ON CONFLICT DO NOTHING`,
  );
  return (row) => {
    try {
      const { changes } = insert(row.seg).run(
        row.shard,
        row.lane,
        row.seq,
        row.status,
        row.reason,
        row.attempt,
        row.token,
        row.at,
        row.createdAt,
        row.detail,
        row.result,
      );
      return changes === 1;
    } catch (error) {
      if (isMissingTable(error)) return false;
      throw error;
    }
  };
}

/**
 * Copies a task without an end and its events to segment 0 and marks it as moved; in segment 0 it only gets its run_at.
 * False: it has ended, nothing moves.
 */
export function moveTask(writer: Connection): (row: MoveRow, at: number) => boolean {
  const task = perSegment(writer, copyTask);
  const events = perSegment(
    writer,
    (seg) => `INSERT INTO event_0 SELECT * FROM event_${seg} WHERE shard = ? AND lane = ? AND seq = ?`,
  );
  const mark = perSegment(writer, (seg) => `INSERT INTO end_${seg} VALUES (?, ?, ?, 0, 0, 0, 0, ?, ?, NULL, NULL)`);
  return (row, at) => {
    if (task(row.seg).run(row.shard, row.lane, row.seq, row.runAt).changes === 0) return false;
    if (row.seg === 0) return true;
    events(row.seg).run(row.shard, row.lane, row.seq);
    mark(row.seg).run(row.shard, row.lane, row.seq, at, row.createdAt);
    return true;
  };
}

function copyTask(seg: number): string {
  const unended = `shard = ?1 AND lane = ?2 AND seq = ?3
    AND NOT EXISTS (SELECT 1 FROM end_${seg} WHERE shard = ?1 AND lane = ?2 AND seq = ?3)`;
  if (seg === 0) return `UPDATE task_0 SET run_at = ?4 WHERE ${unended}`;
  return `INSERT INTO task_0 SELECT shard, lane, seq, created_at, ?4, expires_at, timeout_ms, max_attempts,
      name, type, labels, submitted_by, retry_of, spec FROM task_${seg} WHERE ${unended}`;
}
