import type { EndRow, EventKind, EventRow, SessionRow, TaskHead, TaskRow } from "../../ports/rows.ts";

/** A row as node:sqlite gives it; tables are STRICT, so each column has one type. */
export type Row = Record<string, unknown>;

/** "" is the common case of no labels; anything else is JSON. */
export const encodeLabels = (labels: readonly string[]): string => (labels.length === 0 ? "" : JSON.stringify(labels));
export const decodeLabels = (text: string): readonly string[] => (text === "" ? [] : JSON.parse(text));

export function taskHeadOf(row: Row, seg: number): TaskHead {
  return {
    seg,
    shard: row["shard"] as number,
    lane: row["lane"] as number,
    seq: row["seq"] as number,
    createdAt: row["created_at"] as number,
    runAt: row["run_at"] as number,
    expiresAt: row["expires_at"] as number,
    timeoutMs: row["timeout_ms"] as number,
    maxAttempts: row["max_attempts"] as number,
    spec: row["spec"] as Uint8Array,
  };
}

export function taskOf(row: Row, seg: number): TaskRow {
  return {
    ...taskHeadOf(row, seg),
    name: row["name"] as string,
    type: row["type"] as string,
    labels: decodeLabels(row["labels"] as string),
    submittedBy: row["submitted_by"] as string,
    retryOf: row["retry_of"] as string,
  };
}

export function eventOf(row: Row, seg: number): EventRow {
  return {
    seg,
    shard: row["shard"] as number,
    lane: row["lane"] as number,
    seq: row["seq"] as number,
    ord: row["ord"] as number,
    kind: row["kind"] as EventKind,
    attempt: row["attempt"] as number,
    at: row["at"] as number,
    session: row["session"] as number,
    nextAt: row["next_at"] as number,
    detail: row["detail"] as Uint8Array | null,
  };
}

export function endOf(row: Row, seg: number): EndRow {
  return {
    seg,
    shard: row["shard"] as number,
    lane: row["lane"] as number,
    seq: row["seq"] as number,
    status: row["status"] as number,
    reason: row["reason"] as number,
    attempt: row["attempt"] as number,
    token: row["token"] as number,
    at: row["at"] as number,
    createdAt: row["created_at"] as number,
    detail: row["detail"] as Uint8Array | null,
    result: row["result"] as Uint8Array | null,
  };
}

export function sessionOf(row: Row): SessionRow {
  return {
    session: row["session"] as number,
    id: row["id"] as string,
    workerName: row["worker_name"] as string,
    at: row["at"] as number,
  };
}
