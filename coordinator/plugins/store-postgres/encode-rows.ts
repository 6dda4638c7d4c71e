import type { EndRow, EventRow, GateRow, MoveRow, SessionRow, TaskRow } from "../../ports/rows.ts";
import type { FlushBatch, FlushShard } from "../../ports/store.ts";
import type { BinaryRows } from "./binary-rows.ts";
import { GATE_SLOTS } from "./schema/tables.ts";

/** Writes the columns of a row in the order of its table. */
export interface RowFormat<T> {
  /** The row type in the database. */
  readonly type: string;
  readonly columns: number;
  readonly write: (to: BinaryRows, row: T) => void;
}

export const DAY_MS = 86_400_000;

/** Leaf of the gates that a gate with this expiry lives in. */
export function gateSlot(expiresAt: number): number {
  const day = Math.floor(expiresAt / DAY_MS);
  return ((day % GATE_SLOTS) + GATE_SLOTS) % GATE_SLOTS;
}

export const TASKS: RowFormat<TaskRow> = {
  type: "tss_task",
  columns: 15,
  write(to, row) {
    to.int8(row.createdAt);
    to.int8(row.runAt);
    to.int8(row.expiresAt);
    to.int8(row.timeoutMs);
    to.int8(row.lane);
    to.int8(row.seq);
    to.int4(row.seg);
    to.int4(row.maxAttempts);
    to.int2(row.shard);
    to.text(row.name);
    to.text(row.type);
    to.texts(row.labels);
    to.text(row.submittedBy);
    to.text(row.retryOf);
    to.bytes(row.spec);
  },
};

export const EVENTS: RowFormat<EventRow> = {
  type: "tss_event",
  columns: 11,
  write(to, row) {
    to.int8(row.ord);
    to.int8(row.at);
    to.int8(row.session);
    to.int8(row.nextAt);
    to.int8(row.lane);
    to.int8(row.seq);
    to.int4(row.seg);
    to.int4(row.attempt);
    to.int2(row.shard);
    to.int2(row.kind);
    to.bytesOrNull(row.detail);
  },
};

export const ENDS: RowFormat<EndRow> = {
  type: "tss_end",
  columns: 12,
  write(to, row) {
    to.int8(row.token);
    to.int8(row.at);
    to.int8(row.createdAt);
    to.int8(row.lane);
    to.int8(row.seq);
    to.int4(row.seg);
    to.int4(row.attempt);
    to.int2(row.shard);
    to.int2(row.status);
    to.int2(row.reason);
    to.bytesOrNull(row.detail);
    to.bytesOrNull(row.result);
  },
};

export const GATES: RowFormat<GateRow> = {
  type: "tss_gate",
  columns: 5,
  write(to, row) {
    to.int8(row.expiresAt);
    to.int2(gateSlot(row.expiresAt));
    to.text(row.key);
    to.bytes(row.hash);
    to.bytes(row.answer);
  },
};

export const MOVES: RowFormat<MoveRow> = {
  type: "tss_move",
  columns: 6,
  write(to, row) {
    to.int8(row.createdAt);
    to.int8(row.runAt);
    to.int8(row.lane);
    to.int8(row.seq);
    to.int4(row.seg);
    to.int2(row.shard);
  },
};

export const SESSIONS: RowFormat<SessionRow> = {
  type: "tss_session",
  columns: 4,
  write(to, row) {
    to.int8(row.session);
    to.int8(row.at);
    to.text(row.id);
    to.text(row.workerName);
  },
};

export interface SessionUse {
  readonly session: number;
  readonly seg: number;
}

export const USES: RowFormat<SessionUse> = {
  type: "tss_session_use",
  columns: 2,
  write(to, row) {
    to.int8(row.session);
    to.int4(row.seg);
  },
};

/** The flush row of each shard, in the open segment. */
export function flushRows(batch: FlushBatch): RowFormat<FlushShard> {
  return {
    type: "tss_flush",
    columns: 8,
    write(to, row) {
      to.int8(row.epoch);
      to.int8(row.flushNo);
      to.int8(batch.at);
      to.int4(batch.seg);
      to.int2(row.shard);
      to.bytes(row.body);
      to.noIntegers();
      to.noIntegers();
    },
  };
}
