import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type Attempt,
  AttemptSchema,
  PayloadSchema,
  type Task,
  TaskReason,
  TaskSchema,
  TaskSpecSchema,
  TaskStatus,
} from "../../proto/gen/tss/v1/task_pb.js";
import type { Item } from "../engine/item.ts";
import { type History, readHistory } from "../engine/rebuild.ts";
import { isPaused } from "../engine/serving.ts";
import { isConnected } from "../engine/session.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import { readLaneKey } from "../kernel/lane-key.ts";
import { toTimestamp } from "../kernel/time.ts";
import { EVENT, type StoredTask } from "../ports/rows.ts";
import { describeAttempts } from "./describe-attempts.ts";

/** How much of a task is told: lists leave out what is long. */
export type Depth = "summary" | "full";

/** A task as people see it: its rows, and what only the owner's memory knows of it now. */
export function describeTask(state: EngineState, stored: StoredTask, depth: Depth): Task {
  const { task, end } = stored;
  const history = readHistory(stored.events);
  const item = end === null ? itemAt(state, task) : undefined;
  const lane = state.lanes.get(task.lane);
  const laneKey = lane?.key ?? readLaneKey(JSON.stringify(["", 0, "", task.type, [], []]));
  const attempts = depth === "full" ? describeAttempts(stored, item) : [];
  const ended = end !== null && end.status !== 0;
  const { status, reason } = ended
    ? { status: end.status, reason: end.reason }
    : standing(state, stored, history, item);
  const last: Attempt | undefined =
    attempts.at(-1) ?? (ended && end.detail !== null ? fromBinary(AttemptSchema, end.detail) : undefined);
  const started = firstStart(stored, attempts, last);
  const dueAt = item?.dueAt || Math.max(history.nextAt, task.runAt);
  const message = create(TaskSchema, {
    id: state.ids.encode(task),
    name: task.name,
    queue: laneKey.queue,
    priority: laneKey.priority,
    status,
    reason,
    type: task.type,
    labels: Object.fromEntries(task.labels.map((label) => splitLabel(label))),
    createdAt: toTimestamp(task.createdAt),
    updatedAt: toTimestamp(updatedAt(stored, item)),
    startedAt: toTimestamp(started),
    runAt: toTimestamp(task.runAt),
    endedAt: ended ? toTimestamp(end.at) : undefined,
    nextAttemptAt: status === TaskStatus.WAITING && dueAt > state.clock.now() ? toTimestamp(dueAt) : undefined,
    attempt: ended ? end.attempt : history.attempts,
    maxAttempts: task.maxAttempts,
    exitCode: last?.exitCode,
    error: last?.error,
    progress: item?.attempt?.progress ?? last?.progress,
    retryOf: task.retryOf,
    retriedAs: retriedAs(stored),
    cancelRequestedAt: toTimestamp(history.cancelRequestedAt),
    submittedBy: task.submittedBy,
  });
  if (depth === "full") {
    message.spec = fromBinary(TaskSpecSchema, task.spec);
    message.attempts = attempts;
    message.messages = attempts.flatMap((attempt) => attempt.messages);
    if (end?.result != null) message.result = fromBinary(PayloadSchema, end.result);
  }
  return message;
}

/**
 * Status and reason of a task that has not ended: what is committed says which, memory says more of it. What is decided and
 * not committed yet is seen by nobody.
 */
function standing(
  state: EngineState,
  { task }: StoredTask,
  history: History,
  item: Item | undefined,
): { status: TaskStatus; reason: TaskReason } {
  if (history.running !== null) {
    // An attempt whose end is on its way is with its worker until then.
    const here = item !== undefined && (item.attempt === null || isHere(state, item));
    const reason =
      history.cancelRequestedAt > 0 ? TaskReason.CANCELLING : here ? TaskReason.EXECUTING : TaskReason.DISCONNECTED;
    return { status: TaskStatus.RUNNING, reason };
  }
  return { status: TaskStatus.WAITING, reason: waitingReason(state, task, history, item) };
}

function isHere(state: EngineState, item: Item): boolean {
  const session = item.attempt?.session ?? null;
  return session !== null && isConnected(session, state.clock.monotonic(), state.config.leaseTtlMs);
}

function waitingReason(
  state: EngineState,
  task: StoredTask["task"],
  history: History,
  item: Item | undefined,
): TaskReason {
  const dueAt = item?.dueAt || Math.max(history.nextAt, task.runAt);
  const retrying = item?.retrying ?? history.retrying;
  if (dueAt > state.clock.now()) return retrying ? TaskReason.RETRYING : TaskReason.SCHEDULED;
  const lane = state.lanes.get(task.lane);
  if (lane !== undefined && isPaused(state, lane)) return TaskReason.PAUSED;
  if (lane?.room?.isFull) return TaskReason.THROTTLED;
  return lane?.locks?.isBlocked ? TaskReason.BLOCKED : TaskReason.READY;
}

function updatedAt(stored: StoredTask, item: Item | undefined): number {
  const events = stored.events.map((event) => event.at);
  const live = item?.attempt === null || item === undefined ? 0 : item.attempt.startedAt;
  return Math.max(stored.task.createdAt, ...events, stored.end?.at ?? 0, live);
}

/** Lists know the newest attempt of an ended task only: that is the first when there was no other. */
function firstStart({ events, end }: StoredTask, attempts: readonly Attempt[], last: Attempt | undefined): number {
  const first = attempts[0]?.startedAt ?? (end?.attempt === 1 ? last?.startedAt : undefined);
  if (first !== undefined) return Number(first.seconds) * 1_000 + Math.trunc(first.nanos / 1_000_000);
  return events.find((event) => event.kind === EVENT.leased)?.at ?? 0;
}

function retriedAs({ events }: StoredTask): string {
  const event = events.findLast((candidate) => candidate.kind === EVENT.retriedAs);
  return event?.detail == null ? "" : Buffer.from(event.detail).toString("utf8");
}

function splitLabel(label: string): [string, string] {
  const at = label.indexOf("=");
  return [label.slice(0, at), label.slice(at + 1)];
}
