import type { TaskRef } from "../../kernel/task-ref.ts";
import type { EndRow, EventRow, SessionRow, StoredTask } from "../../ports/rows.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import { endOf, eventOf, type Row, sessionOf, taskOf } from "./row-codec.ts";
import { isMissingTable } from "./sqlite-errors.ts";

/** What a segment gives, or `nothing` where it is not there: not made yet, or given back. */
export function inSegment<T>({ memory }: Handles, seg: number, nothing: T, body: () => T): T {
  if (memory.freed.has(seg)) return nothing;
  try {
    return body();
  } catch (error) {
    if (isMissingTable(error)) return nothing;
    throw error;
  }
}

const MOVED = 0;

/** The task with all that is known of it, from the first of the segments that has it; a moved one from segment 0. */
export function findTask(handles: Handles, ref: TaskRef, segs: readonly number[]): StoredTask | null {
  for (const seg of segs) {
    const found = inSegment(handles, seg, null, () => taskIn(handles.reader, ref, seg));
    if (found === null) continue;
    if (found.end?.status !== MOVED) return found;
    return taskIn(handles.reader, ref, 0);
  }
  return null;
}

function taskIn(reader: Connection, ref: TaskRef, seg: number): StoredTask | null {
  const row = reader
    .prepare(`SELECT * FROM task_${seg} WHERE shard = ? AND lane = ? AND seq = ?`)
    .get(ref.shard, ref.lane, ref.seq);
  return row === undefined ? null : wholeTask(reader, row, seg);
}

/** A task row with its events, its end and the sessions its events name. */
export function wholeTask(reader: Connection, row: Row, seg: number): StoredTask {
  const task = taskOf(row, seg);
  const events = eventsOf(reader, task, seg);
  return { task, events, end: endIn(reader, task, seg), sessions: sessionsOf(reader, events) };
}

function eventsOf(reader: Connection, ref: TaskRef, seg: number): readonly EventRow[] {
  return reader
    .prepare(`SELECT * FROM event_${seg} WHERE shard = ? AND lane = ? AND seq = ? ORDER BY ord`)
    .all(ref.shard, ref.lane, ref.seq)
    .map((row) => eventOf(row, seg));
}

export function endIn(reader: Connection, ref: TaskRef, seg: number): EndRow | null {
  const row = reader
    .prepare(`SELECT * FROM end_${seg} WHERE shard = ? AND lane = ? AND seq = ?`)
    .get(ref.shard, ref.lane, ref.seq);
  return row === undefined ? null : endOf(row, seg);
}

function sessionsOf(reader: Connection, events: readonly EventRow[]): readonly SessionRow[] {
  const numbers = new Set(events.map((event) => event.session));
  numbers.delete(0);
  const select = reader.prepare("SELECT * FROM session WHERE session = ?");
  return [...numbers].flatMap((session) => {
    const row = select.get(session);
    return row === undefined ? [] : [sessionOf(row)];
  });
}
