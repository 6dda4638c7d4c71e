import { refKey } from "../../../coordinator/kernel/task-ref.ts";
import type { EndRow, EventRow, GateHit, GateRow, MoveRow, TaskRow } from "../../../coordinator/ports/rows.ts";
import type { FlushBatch, FlushResult } from "../../../coordinator/ports/store.ts";
import { BadRowError, RequestRepeatedError } from "../../../coordinator/ports/store-errors.ts";
import { type Disk, LATER, MOVED, type Tables } from "./disk.ts";

/** See Store.flush. Everything that may refuse it is looked at before anything is written. */
export function writeFlush(disk: Disk, batch: FlushBatch): FlushResult {
  disk.fence(batch.shards);
  const repeated = findGates(disk, batch.requests, batch.at);
  if (repeated.size > 0) throw new RequestRepeatedError(repeated);
  const held = findGates(disk, batch.keys, batch.at);
  const keys = batch.keys.map((gate) => held.get(gate.key) ?? null);
  const tasks = batch.tasks.filter((_, index) => {
    const key = batch.taskKeys[index] ?? -1;
    return key < 0 || keys[key] === null;
  });
  refuseBadRows(disk, tasks, batch.events);

  for (const gate of [...batch.requests, ...batch.keys.filter((gate) => !held.has(gate.key))])
    disk.gates.set(gate.key, { ...gate });
  for (const row of tasks) tablesOf(disk, row.seg).tasks.set(refKey(row), { ...row });
  for (const row of batch.events) addEvent(tablesOf(disk, row.seg), { ...row });
  const lostEnds = batch.ends.flatMap((row, index) => (writeEnd(disk, row) ? [] : [index]));
  for (const row of batch.moves) moveTask(disk, row, batch.at);
  for (const row of batch.sessions) if (!disk.sessions.has(row.session)) disk.sessions.set(row.session, { ...row });
  const result = { keys, lostEnds };
  for (const shard of batch.shards) tablesOf(disk, batch.seg).flushes.push({ ...shard, result });
  return result;
}

/** See Store.resolve. */
export function findFlush(disk: Disk, batch: FlushBatch): FlushResult | null {
  const [first] = batch.shards;
  if (first === undefined) return null;
  const same = (row: Tables["flushes"][number]) =>
    row.shard === first.shard && row.epoch === first.epoch && row.flushNo === first.flushNo;
  return disk.segments.get(batch.seg)?.flushes.find(same)?.result ?? null;
}

/** Copies a task without an end and its events to segment 0 and marks it as moved; false: it has ended, nothing moves. */
export function moveTask(disk: Disk, { seg, runAt, ...row }: MoveRow, at: number): boolean {
  const from = disk.segments.get(seg);
  const key = refKey(row);
  const task = from?.tasks.get(key);
  if (from === undefined || task === undefined || from.ends.has(key)) return false;
  const later = tablesOf(disk, LATER);
  later.tasks.set(key, { ...task, seg: LATER, runAt });
  if (seg === LATER) return true;
  for (const event of from.events.get(key) ?? []) addEvent(later, { ...event, seg: LATER });
  const { shard, lane, seq, createdAt } = row;
  const nothing = { reason: 0, attempt: 0, token: 0, detail: null, result: null };
  from.ends.set(key, { seg, shard, lane, seq, status: MOVED, at, createdAt, ...nothing });
  return true;
}

function findGates(disk: Disk, gates: readonly GateRow[], at: number): Map<string, GateHit> {
  const hits = new Map<string, GateHit>();
  for (const { key } of gates) {
    const gate = disk.gates.get(key);
    if (gate !== undefined && gate.expiresAt > at) hits.set(key, { hash: gate.hash, answer: gate.answer });
  }
  return hits;
}

function refuseBadRows(disk: Disk, tasks: readonly TaskRow[], events: readonly EventRow[]): void {
  const seen = new Set<string>();
  for (const row of tasks) {
    const key = `${row.seg} ${refKey(row)}`;
    if (seen.has(key) || tablesOf(disk, row.seg).tasks.has(refKey(row)))
      throw new BadRowError(`the task ${key} is there already`, null);
    seen.add(key);
  }
  for (const row of events) {
    const key = `${row.seg} ${refKey(row)} ${row.ord}`;
    const before = tablesOf(disk, row.seg).events.get(refKey(row));
    if (seen.has(key) || before?.some(({ ord }) => ord === row.ord))
      throw new BadRowError(`the event ${key} is there already`, null);
    seen.add(key);
  }
}

function tablesOf(disk: Disk, seg: number): Tables {
  const tables = disk.segments.get(seg);
  if (tables === undefined) throw new BadRowError(`there is no segment ${seg}`, null);
  return tables;
}

function addEvent({ events }: Tables, row: EventRow): void {
  const rows = events.get(refKey(row));
  if (rows === undefined) events.set(refKey(row), [row]);
  else {
    rows.push(row);
    rows.sort((a, b) => a.ord - b.ord);
  }
}

function writeEnd(disk: Disk, row: EndRow): boolean {
  const tables = disk.segments.get(row.seg);
  const key = refKey(row);
  if (tables === undefined || !tables.tasks.has(key) || tables.ends.has(key)) return false;
  tables.ends.set(key, { ...row });
  return true;
}
