import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { Lock } from "../kernel/lock.ts";
import { type LockRow, replayLocks } from "../kernel/lock-rows.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { EndRow, TaskRow } from "../ports/rows.ts";
import type { FlushShard } from "../ports/store.ts";
import { type Batch, shardsOf } from "./batch.ts";
import type { Lane } from "./lanes.ts";
import type { PendingEnd, PendingLock } from "./pending.ts";
import { LATER } from "./segments.ts";
import type { QueueTotals, Shard } from "./shard.ts";
import { type EngineState, shardAt } from "./state.ts";

/**
 * Cumulative numbers: tasks per queue and shard since the database was made, and open tasks per lane and shard. They change
 * when a flush is made, so between two flushes they are what is committed. A flush row carries the new values of what it
 * touched; nothing is ever counted by a scan.
 */
export interface CounterBody {
  /** [queue, submitted, succeeded, failed, cancelled] */
  readonly q: readonly (readonly [string, number, number, number, number])[];
  /** [lane, open] */
  readonly l: readonly (readonly [number, number])[];
  /** Changes of locks, in their order; absent: none. */
  readonly k?: readonly LockRow[];
  /**
   * Tasks with an idempotency key, [lane, seq …]: whether their gates were free the flush itself decides. They are counted here;
   * what was kept out is taken off by the next row of the shard, or by a recovery that finds none. Absent: none.
   */
  readonly g?: readonly (readonly [number, ...number[]])[];
  /**
   * Earliest run_at of what goes to segment 0. As a rule it lies beyond what the checkpoint before says was in hand; not when
   * the clock was set back since. Absent: nothing goes there.
   */
  readonly d?: number;
  /**
   * Earliest time at which a task of it expires: before what the checkpoint before says was looked at, when the clock was set
   * back since. Absent: none does.
   */
  readonly x?: number;
}

/** Tasks that stand side by side are alike as a rule, and are counted together. */
export function countBatch(state: EngineState, batch: Batch): void {
  const { tasks, ends } = batch;
  for (let from = 0, until = 0; from < tasks.length; from = until) {
    const { shard, lane } = tasks[from] as TaskRow;
    while (until < tasks.length && tasks[until]?.shard === shard && tasks[until]?.lane === lane) until++;
    countSubmit(state, shard, lane, until - from);
  }
  for (let from = 0, until = 0; from < ends.length; from = until) {
    const { row, queue } = ends[from] as PendingEnd;
    while (until < ends.length && alike(row, (ends[until] as PendingEnd).row)) until++;
    countEnd(state, row.shard, row.lane, queue, row.status, until - from);
  }
}

/** A lane is of one queue. */
function alike(one: EndRow, other: EndRow): boolean {
  return one.shard === other.shard && one.lane === other.lane && one.status === other.status;
}

/** @param by how many, or −1 to take one back that did not happen. */
export function countSubmit(state: EngineState, shardNumber: number, laneId: number, by: number): void {
  const lane = state.lanes.get(laneId) as Lane;
  const shard = shardAt(state, shardNumber);
  touch(shard, lane.key.queue, laneId).submitted += by;
  addOpen(lane, shardNumber, by);
}

export function countEnd(
  state: EngineState,
  shardNumber: number,
  laneId: number,
  queue: string,
  status: number,
  by: number,
): void {
  const totals = touch(shardAt(state, shardNumber), queue, laneId);
  if (status === TaskStatus.SUCCEEDED) totals.succeeded += by;
  else if (status === TaskStatus.CANCELLED) totals.cancelled += by;
  else totals.failed += by;
  const lane = state.lanes.get(laneId);
  if (lane !== undefined) addOpen(lane, shardNumber, -by);
}

function touch(shard: Shard, queue: string, lane: number): QueueTotals {
  shard.touchedQueues.add(queue);
  shard.touchedLanes.add(lane);
  return shard.totalsOf(queue);
}

function addOpen(lane: Lane, shard: number, by: number): void {
  const open = (lane.open.get(shard) ?? 0) + by;
  if (open === 0) lane.open.delete(shard);
  else lane.open.set(shard, open);
}

/** The flush rows of a batch: what it touched, and what was corrected since the last one. */
export function flushShards(state: EngineState, batch: Batch): FlushShard[] {
  const touched = shardsOf(batch);
  for (const shard of state.shards) if (shard.touchedQueues.size > 0) touched.add(shard.shard);
  const locks = Map.groupBy(batch.locks, ({ shard }) => shard);
  const gated = Map.groupBy(
    batch.tasks.filter((_, index) => (batch.taskKeys[index] as number) >= 0),
    ({ shard }) => shard,
  );
  const later = earliestLater(batch);
  const expiring = earliestExpiry(batch);
  return [...touched]
    .sort((a, b) => a - b)
    .map((number) => {
      const shard = shardAt(state, number);
      const body = Buffer.from(
        JSON.stringify({
          ...bodyOf(state, shard, locks.get(number), gated.get(number), later.get(number)),
          ...(expiring.has(number) ? { x: expiring.get(number) } : {}),
        } satisfies CounterBody),
      );
      return { shard: number, epoch: shard.epoch, flushNo: shard.flushNo + 1, body };
    });
}

function bodyOf(
  state: EngineState,
  shard: Shard,
  locks: readonly PendingLock[] | undefined,
  gated: readonly TaskRow[] | undefined,
  later: number | undefined,
): CounterBody {
  const q = [...shard.touchedQueues].map((queue) => queueEntry(queue, shard.totalsOf(queue)));
  const l = [...shard.touchedLanes].map((lane) => [lane, state.lanes.get(lane)?.open.get(shard.shard) ?? 0] as const);
  return {
    ...{ q, l },
    ...(locks === undefined ? {} : { k: locks.map(({ row }) => row) }),
    ...(gated === undefined ? {} : { g: byLane(gated) }),
    ...(later === undefined ? {} : { d: later }),
  };
}

/** By shard. */
function earliestLater({ tasks, moves }: Batch): Map<number, number> {
  const earliest = new Map<number, number>();
  const note = ({ shard, runAt }: Pick<TaskRow, "shard" | "runAt">) =>
    earliest.set(shard, Math.min(earliest.get(shard) ?? runAt, runAt));
  for (const task of tasks) if (task.seg === LATER) note(task);
  for (const { row } of moves) note(row);
  return earliest;
}

/** By shard. */
function earliestExpiry({ tasks }: Batch): Map<number, number> {
  const earliest = new Map<number, number>();
  for (const { shard, expiresAt } of tasks)
    if (expiresAt > 0) earliest.set(shard, Math.min(earliest.get(shard) ?? expiresAt, expiresAt));
  return earliest;
}

function byLane(tasks: readonly TaskRow[]): NonNullable<CounterBody["g"]> {
  const lanes = Map.groupBy(tasks, ({ lane }) => lane);
  return [...lanes].map(([lane, rows]) => [lane, ...rows.map(({ seq }) => seq)] as const);
}

/** The flush rows are committed: later corrections belong to the next ones. */
export function settleShards(state: EngineState, shards: readonly FlushShard[]): void {
  for (const { shard: number, flushNo } of shards) {
    const shard = shardAt(state, number);
    shard.flushNo = flushNo;
    shard.dirty = true;
    shard.touchedQueues.clear();
    shard.touchedLanes.clear();
  }
}

export function queueEntry(queue: string, totals: QueueTotals): CounterBody["q"][number] {
  return [queue, totals.submitted, totals.succeeded, totals.failed, totals.cancelled];
}

/** Tasks that the newest row of a shard counts, whether they were written or not. */
export function gatedTasks(shard: number, bytes: Uint8Array): TaskRef[] {
  const { g = [] } = JSON.parse(Buffer.from(bytes).toString("utf8")) as CounterBody;
  return g.flatMap(([lane, ...seqs]) => seqs.map((seq) => ({ shard, lane, seq })));
}

/** Takes a task off that a recovery has not found: the next row of the shard says so. */
export function uncount(state: EngineState, shard: Shard, lanes: Map<number, number>, lane: number): void {
  const queue = state.lanes.get(lane)?.key.queue;
  if (queue === undefined) return;
  touch(shard, queue, lane).submitted--;
  lanes.set(lane, (lanes.get(lane) ?? 0) - 1);
}

/** @returns the earliest run_at of what went to segment 0 with it, and the earliest expiry. */
export function applyBody(
  shard: Shard,
  lanes: Map<number, number>,
  locks: Map<string, Lock>,
  bytes: Uint8Array,
): { readonly later: number; readonly expires: number } {
  const body = JSON.parse(Buffer.from(bytes).toString("utf8")) as CounterBody;
  for (const [queue, submitted, succeeded, failed, cancelled] of body.q)
    shard.totals.set(queue, { submitted, succeeded, failed, cancelled });
  for (const [lane, open] of body.l) lanes.set(lane, open);
  replayLocks(locks, body.k ?? []);
  return { later: body.d ?? Number.POSITIVE_INFINITY, expires: body.x ?? Number.POSITIVE_INFINITY };
}
