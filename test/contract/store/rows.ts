import type { TaskRef } from "../../../coordinator/kernel/task-ref.ts";
import {
  type EndRow,
  EVENT,
  type EventRow,
  type GateRow,
  type MoveRow,
  type SessionRow,
  type TaskRow,
} from "../../../coordinator/ports/rows.ts";

/** A time well inside a UTC day. */
export const T0 = Date.UTC(2026, 5, 15, 12);
export const DAY_MS = 86_400_000;

export const SUCCEEDED = 3;
export const FAILED = 4;
export const CANCELLED = 5;

const encoder = new TextEncoder();
export const bytes = (text: string): Uint8Array => encoder.encode(text);

export function taskRow(fields: Partial<TaskRow> & { readonly seg: number; readonly seq: number }): TaskRow {
  return {
    shard: 0,
    lane: 1,
    createdAt: T0,
    runAt: 0,
    expiresAt: 0,
    timeoutMs: 0,
    maxAttempts: 1,
    name: "resize",
    type: "",
    labels: [],
    submittedBy: "k_exam",
    retryOf: "",
    spec: bytes("spec"),
    ...fields,
  };
}

export function refOf(ref: TaskRef): TaskRef {
  return { shard: ref.shard, lane: ref.lane, seq: ref.seq };
}

type Placed = TaskRef & { readonly seg: number; readonly createdAt: number };

export function eventRow(task: Placed, ord: number, fields: Partial<EventRow> = {}): EventRow {
  return {
    ...refOf(task),
    seg: task.seg,
    ord,
    kind: EVENT.leased,
    attempt: 1,
    at: T0,
    session: 0,
    nextAt: 0,
    detail: null,
    ...fields,
  };
}

export function endRow(task: Placed, fields: Partial<EndRow> = {}): EndRow {
  return {
    ...refOf(task),
    seg: task.seg,
    status: SUCCEEDED,
    reason: 0,
    attempt: 1,
    token: 0,
    at: T0,
    createdAt: task.createdAt,
    detail: null,
    result: null,
    ...fields,
  };
}

export function moveRow(task: Placed, runAt: number): MoveRow {
  return { ...refOf(task), seg: task.seg, createdAt: task.createdAt, runAt };
}

export function gateRow(key: string, fields: Partial<GateRow> = {}): GateRow {
  return { key, hash: bytes(`hash of ${key}`), answer: bytes(`answer of ${key}`), expiresAt: T0 + 60_000, ...fields };
}

export function sessionRow(session: number, fields: Partial<SessionRow> = {}): SessionRow {
  return { session, id: `w_${session}`, workerName: `worker ${session}`, at: T0, ...fields };
}

export const seqs = (refs: readonly { readonly seq: number }[]): number[] => refs.map((ref) => ref.seq);
export const byNumber = (a: number, b: number): number => a - b;
