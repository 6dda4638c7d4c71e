import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { refKey } from "../kernel/task-ref.ts";
import type { GateHit, TaskRow } from "../ports/rows.ts";
import type { FlushResult, FlushShard } from "../ports/store.ts";
import type { Batch, PlacedMessage } from "./batch.ts";
import { countEnd, countSubmit, settleShards } from "./counters.ts";
import { decodeTaskAnswer } from "./gate-answers.ts";
import type { Item } from "./item.ts";
import type { Lane } from "./lanes.ts";
import type { PendingEnd, SubmitOutcome } from "./pending.ts";
import { admitCommitted } from "./place.ts";
import { noteCommitted } from "./refill.ts";
import { sendLeases } from "./send.ts";
import type { EngineState } from "./state.ts";

/** What follows from a committed flush: places, answers, leases, acks and news, in that order. */
export function settleBatch(
  state: EngineState,
  batch: Batch,
  shards: readonly FlushShard[],
  result: FlushResult,
): void {
  state.flushCommitted = batch.number;
  settleShards(state, shards);
  noteTasks(state, batch.tasks);
  const outcomes = batch.messages.map((placed) => outcomesOf(state, placed, result.keys));
  for (const { head, lane } of batch.held) {
    // A repeat of a key was taken out above; the others take their places now.
    if (state.items.delete(head)) admitCommitted(state, lane, head);
  }
  settleEnds(state, batch, new Set(result.lostEnds));
  for (const { item } of batch.moves) {
    depart(state, item);
    publish(state, item.head, item.lane.key.queue, false);
  }
  for (const [index, { message }] of batch.messages.entries()) message.resolve(outcomes[index] as SubmitOutcome[]);
  sendLeases(state, batch.leases);
  for (const follow of batch.after) follow();
  if (!state.changes.idle) {
    for (const task of batch.tasks) publish(state, task, (state.lanes.get(task.lane) as Lane).key.queue, false);
    for (const event of batch.events) publish(state, event, (state.lanes.get(event.lane) as Lane).key.queue, false);
  }
}

/** The newest first: a read that begins with it sees the others too, and they need not be noted. */
function noteTasks(state: EngineState, tasks: readonly TaskRow[]): void {
  let before: TaskRow | undefined;
  for (let index = tasks.length - 1; index >= 0; index--) {
    const task = tasks[index] as TaskRow;
    if (task.lane !== before?.lane || task.shard !== before.shard)
      noteCommitted(state, state.lanes.get(task.lane) as Lane, task.shard, task.seq);
    before = task;
  }
}

function outcomesOf(
  state: EngineState,
  placed: PlacedMessage,
  hits: readonly (GateHit | null)[],
): readonly SubmitOutcome[] {
  return placed.refs.map((head, index): SubmitOutcome => {
    const keyIndex = placed.keyIndex[index] as number;
    const admission = placed.message.admissions[index];
    if (admission?.idempotency != null) state.pending.keys.delete(admission.idempotency.key);
    const hit = keyIndex < 0 ? null : (hits[keyIndex] ?? null);
    if (hit === null) {
      state.observer.submitted(admission?.queue ?? "", admission?.type ?? "", 1);
      return { ref: head, duplicate: false };
    }
    state.items.delete(head);
    countSubmit(state, head.shard, head.lane, -1);
    const same = Buffer.from(hit.hash).equals(admission?.idempotency?.hash ?? new Uint8Array());
    return same ? { ref: decodeTaskAnswer(hit.answer), duplicate: true } : { conflict: "idempotency_key" };
  });
}

function settleEnds(state: EngineState, batch: Batch, lost: ReadonlySet<number>): void {
  for (const [index, end] of batch.ends.entries()) {
    const won = !lost.has(index);
    const { row, item, queue } = end;
    depart(state, item);
    if (won) {
      const { type } = item.lane.key.needs;
      state.recentEnds.add(item.head, row.token);
      state.observer.finished(queue, type, nameOf(row.status), row.at - row.createdAt);
      if (row.reason === TaskReason.EXPIRED) tellExpired(state, end, type);
      publish(state, row, queue, true);
    } else countEnd(state, row.shard, row.lane, queue, row.status, -1);
    for (const settled of end.settled) settled(won);
  }
}

function tellExpired(state: EngineState, { row, queue }: PendingEnd, type: string): void {
  const nothing = { exitCode: undefined, signal: "", version: "", name: () => "" };
  const error = { message: "expired before it could start" };
  state.observer.failed?.({ queue, type, task: row, reason: row.reason, last: true, error, ...nothing });
}

/** The task is in hand no more; who has read its rows before this commit must not take it up again. */
function depart(state: EngineState, item: Item): void {
  state.items.delete(item.head);
  if (state.laterReading > 0 || state.recovering > 0) state.departed.add(refKey(item.head));
}

/** Outcome names of metrics, by TaskStatus. */
function nameOf(status: number): string {
  return ["", "", "", "succeeded", "failed", "cancelled"][status] ?? "";
}

function publish(
  state: EngineState,
  ref: { shard: number; lane: number; seq: number },
  queue: string,
  ended: boolean,
): void {
  if (!state.changes.idle) state.changes.publish({ ref, queue, ended });
}
