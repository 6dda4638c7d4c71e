import type { TaskRef } from "../../kernel/task-ref.ts";
import type { EndRow, EventRow, SessionRow, StoredTask, TaskRow } from "../../ports/rows.ts";
import { joinEnd, joinTask } from "./lookups.ts";
import type { ReadPool, Rows } from "./read-pool.ts";
import { endOf, eventOf, sessionOf, TASK_AND_END, taskOf } from "./read-rows.ts";

/** Tasks of one statement. */
const MOST = 1_000;

/**
 * Whole tasks of one segment beside their refs; null: not there. One statement and so one snapshot: a task is never seen
 * with an end and without what led to it. A task's wide columns are sent with its first event alone.
 */
export async function storedTasks(
  pool: ReadPool,
  seg: number,
  refs: readonly TaskRef[],
): Promise<readonly (StoredTask | null)[]> {
  const found: (StoredTask | null)[] = [];
  for (let start = 0; start < refs.length; start += MOST) {
    const part = refs.slice(start, start + MOST);
    const rows = await pool.rows({
      name: `stored_${seg}`,
      text: storedSql(seg),
      values: [part.map((ref) => ref.shard), part.map((ref) => ref.lane), part.map((ref) => ref.seq)],
    });
    found.push(...gather(rows, part.length));
  }
  return found;
}

function storedSql(seg: number): string {
  const first = (column: string) => `CASE WHEN v.turn IS NULL OR v.turn = 1 THEN ${column} END`;
  const columns = TASK_AND_END.replace("t.spec", `${first("t.spec")} AS spec`)
    .replace("e.detail", first("e.detail"))
    .replace("e.result", first("e.result"));
  return `SELECT r.place::int - 1 AS place, ${columns}, v.ord AS v_ord, v.kind AS v_kind, v.attempt AS v_attempt,
      v.at AS v_at, v.session AS v_session, v.next_at AS v_next_at, v.detail AS v_detail,
      s.id AS s_id, s.worker_name AS s_worker_name, s.at AS s_at
    FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY r(shard, lane, seq, place)
    ${joinTask(seg, "r")}
    ${joinEnd(seg, "r")}
    LEFT JOIN LATERAL (SELECT x.*, row_number() OVER (ORDER BY x.ord) AS turn FROM tss_event_${seg} x
      WHERE x.shard = r.shard AND x.lane = r.lane AND x.seq = r.seq) v ON true
    LEFT JOIN LATERAL (SELECT x.* FROM tss_session x WHERE x.session = v.session OFFSET 0) s ON true
    ORDER BY r.place, v.ord`;
}

interface Gathered {
  readonly task: TaskRow;
  readonly events: EventRow[];
  readonly end: EndRow | null;
  readonly sessions: SessionRow[];
}

function gather(rows: Rows, count: number): (StoredTask | null)[] {
  const found: (Gathered | null)[] = Array.from({ length: count }, () => null);
  for (const row of rows) {
    const stored = found[row.place] ?? { task: taskOf(row), events: [], end: endOf(row), sessions: [] };
    found[row.place] = stored;
    if (row.v_ord === null) continue;
    stored.events.push(eventOf(row));
    const named = row.s_id !== null && !stored.sessions.some((session) => session.session === row.v_session);
    if (named) stored.sessions.push(sessionOf(row));
  }
  return found;
}
