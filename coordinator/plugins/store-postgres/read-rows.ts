import type { EndRow, EventRow, SessionRow, TaskHead, TaskRow } from "../../ports/rows.ts";

/** Columns of a whole task (alias t) and its end (alias e), which `taskOf` and `endOf` read. */
export const TASK_AND_END = `t.shard, t.lane, t.seq, t.seg, t.created_at, t.run_at, t.expires_at, t.timeout_ms, t.max_attempts,
  t.name, t.type, t.labels, t.submitted_by, t.retry_of, t.spec, e.status AS e_status, e.reason AS e_reason,
  e.attempt AS e_attempt, e.token AS e_token, e.at AS e_at, e.created_at AS e_created_at, e.detail AS e_detail,
  e.result AS e_result`;

/** Columns of the head of a task (alias t), which `headOf` reads. */
export const HEAD =
  "t.shard, t.lane, t.seq, t.seg, t.created_at, t.run_at, t.expires_at, t.timeout_ms, t.max_attempts, t.spec";

// biome-ignore lint/suspicious/noExplicitAny: a row is what its select list says.
type Row = any;

export function headOf(row: Row): TaskHead {
  return {
    shard: row.shard,
    lane: row.lane,
    seq: row.seq,
    seg: row.seg,
    createdAt: row.created_at,
    runAt: row.run_at,
    expiresAt: row.expires_at,
    timeoutMs: row.timeout_ms,
    maxAttempts: row.max_attempts,
    spec: row.spec,
  };
}

export function taskOf(row: Row): TaskRow {
  return {
    ...headOf(row),
    name: row.name,
    type: row.type,
    labels: row.labels,
    submittedBy: row.submitted_by,
    retryOf: row.retry_of,
  };
}

/** The end beside a task; null: none. */
export function endOf(row: Row): EndRow | null {
  if (row.e_status === null) return null;
  return {
    shard: row.shard,
    lane: row.lane,
    seq: row.seq,
    seg: row.seg,
    status: row.e_status,
    reason: row.e_reason,
    attempt: row.e_attempt,
    token: row.e_token,
    at: row.e_at,
    createdAt: row.e_created_at,
    detail: row.e_detail,
    result: row.e_result,
  };
}

export function eventOf(row: Row): EventRow {
  return {
    shard: row.shard,
    lane: row.lane,
    seq: row.seq,
    seg: row.seg,
    ord: row.v_ord,
    kind: row.v_kind,
    attempt: row.v_attempt,
    at: row.v_at,
    session: row.v_session,
    nextAt: row.v_next_at,
    detail: row.v_detail,
  };
}

export function sessionOf(row: Row): SessionRow {
  return { session: row.v_session, id: row.s_id, workerName: row.s_worker_name, at: row.s_at };
}
