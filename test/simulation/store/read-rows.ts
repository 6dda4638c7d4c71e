import { refKey, type TaskRef } from "../../../coordinator/kernel/task-ref.ts";
import type { SessionRow, StoredTask, TaskHead, TaskRow } from "../../../coordinator/ports/rows.ts";
import type { FlushShard, RecoveryStore } from "../../../coordinator/ports/store.ts";
import { type Disk, LATER, MOVED, type Tables } from "./disk.ts";

export type Reading = Omit<RecoveryStore, "writeCheckpoints" | "checkpoints">;

/** What owners read, as functions of what is kept now. @param isMine whether a shard is this process's. */
export function readersOf(disk: Disk, isMine: (shard: number) => boolean) {
  return {
    flushesAfter: (shard: number, epoch: number, flushNo: number, segs: readonly number[]): FlushShard[] =>
      tablesIn(disk, segs)
        .flatMap(({ flushes }) => flushes)
        .filter((row) => row.shard === shard && (row.epoch > epoch || (row.epoch === epoch && row.flushNo > flushNo)))
        .sort((a, b) => a.epoch - b.epoch || a.flushNo - b.flushNo)
        .map(({ result: _, ...row }) => row),
    startedAfter: (shard: number, floor: number, lanes: ReadonlyMap<number, number>, segs: readonly number[]) =>
      tablesIn(disk, segs).flatMap((tables) =>
        unended(tables, (row) => row.shard === shard && row.seq > (lanes.get(row.lane) ?? floor))
          .filter((row) => tables.events.has(refKey(row)))
          .map((row) => wholeTask(disk, tables, row)),
      ),
    delayedAfter: (shard: number, afterSeq: number, segs: readonly number[]): TaskHead[] =>
      tablesIn(disk, segs)
        .filter(({ seg }) => seg !== LATER)
        .flatMap((tables) => unended(tables, (row) => row.shard === shard && row.seq > afterSeq && row.runAt > 0))
        .map(headOf),
    refill: (seg: number, shard: number, lane: number, afterSeq: number, limit: number, maxBytes: number) => {
      const [tables] = tablesIn(disk, [seg]);
      if (tables === undefined) return [];
      const wanted = (row: TaskRow) =>
        row.shard === shard && row.lane === lane && row.seq > afterSeq && (seg !== LATER || row.runAt === 0);
      const rows = unended(tables, wanted).sort((a, b) => a.seq - b.seq);
      return withinBytes(rows.slice(0, limit), maxBytes).map(headOf);
    },
    due: (from: number, to: number, after: (TaskRef & { runAt: number }) | null, limit: number): StoredTask[] => {
      const place = after ?? { runAt: from, shard: Number.MAX_SAFE_INTEGER, lane: 0, seq: 0 };
      const [later] = tablesIn(disk, [LATER]) as [Tables];
      return unended(later, (row) => row.runAt > 0 && row.runAt <= to && isMine(row.shard))
        .filter((row) => row.runAt - place.runAt > 0 || (row.runAt === place.runAt && byRef(row, place) > 0))
        .sort((a, b) => a.runAt - b.runAt || byRef(a, b))
        .slice(0, limit)
        .map((row) => wholeTask(disk, later, row));
    },
    expired: (
      segs: readonly number[],
      from: number,
      to: number,
      after: (TaskRef & { readonly expiresAt: number }) | null,
      limit: number,
    ): TaskHead[] => {
      const place = after ?? { expiresAt: from, shard: Number.MAX_SAFE_INTEGER, lane: 0, seq: 0 };
      const comes = (row: TaskRow) =>
        row.expiresAt > place.expiresAt || (row.expiresAt === place.expiresAt && byRef(row, place) > 0);
      return tablesIn(disk, segs)
        .flatMap((tables) => unended(tables, (row) => row.expiresAt > 0 && row.expiresAt <= to && isMine(row.shard)))
        .filter(comes)
        .sort((a, b) => a.expiresAt - b.expiresAt || byRef(a, b))
        .slice(0, limit)
        .map(headOf);
    },
  };
}

/** The task with all that is known of it, from the first of the segments that has it; a moved one from segment 0. */
export function findTask(disk: Disk, ref: TaskRef, segs: readonly number[]): StoredTask | null {
  for (const tables of tablesIn(disk, segs)) {
    const task = tables.tasks.get(refKey(ref));
    if (task === undefined) continue;
    const found = wholeTask(disk, tables, task);
    return found.end?.status === MOVED ? findTask(disk, ref, [LATER]) : found;
  }
  return null;
}

export function wholeTask(disk: Disk, tables: Tables, task: TaskRow): StoredTask {
  const events = [...(tables.events.get(refKey(task)) ?? [])];
  const sessions: SessionRow[] = [];
  for (const number of new Set(events.map(({ session }) => session))) {
    const session = number === 0 ? undefined : disk.sessions.get(number);
    if (session !== undefined) sessions.push(session);
  }
  return { task, events, end: tables.ends.get(refKey(task)) ?? null, sessions };
}

export function tablesIn(disk: Disk, segs: readonly number[]): Tables[] {
  return segs.flatMap((seg) => disk.segments.get(seg) ?? []);
}

export function byRef(a: TaskRef, b: TaskRef): number {
  return a.shard - b.shard || a.lane - b.lane || a.seq - b.seq;
}

function unended({ tasks, ends }: Tables, wanted: (row: TaskRow) => boolean): TaskRow[] {
  const rows: TaskRow[] = [];
  for (const [key, row] of tasks) if (!ends.has(key) && wanted(row)) rows.push(row);
  return rows;
}

function withinBytes(rows: readonly TaskRow[], maxBytes: number): readonly TaskRow[] {
  let bytes = 0;
  const last = rows.findIndex((row, index) => {
    bytes += row.spec.length;
    return index > 0 && bytes > maxBytes;
  });
  return last < 0 ? rows : rows.slice(0, last);
}

function headOf(row: TaskRow): TaskHead {
  const { shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec } = row;
  return { shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec };
}
