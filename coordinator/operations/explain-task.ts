import { create } from "@bufbuild/protobuf";
import { type Task, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type ExplainTaskRequest,
  type ExplainTaskResponse,
  ExplainTaskResponseSchema,
  type Explanation,
  ExplanationSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { serves } from "../engine/profile.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import { explainEnd } from "../kernel/explain/end.ts";
import type { Reason } from "../kernel/explain/reason.ts";
import { type Explained, explainRunning, explainWaiting, type RunningTask } from "../kernel/explain/task.ts";
import { viewLatency } from "../kernel/stats/view.ts";
import { timestampMs, toTimestamp } from "../kernel/time.ts";
import type { StoredTask } from "../ports/rows.ts";
import { keyOf } from "../stats/key.ts";
import type { Stats } from "../stats/start-stats.ts";
import { fingerprintOfTask } from "../stats/task-failure.ts";
import { describeTask } from "./describe-task.ts";
import { lockFacts, waitingTask } from "./explain-facts.ts";
import { findTask } from "./find-task.ts";

/** Why a task is where it is, most telling first. */
export async function explainTask(
  state: EngineState,
  stats: Stats,
  request: ExplainTaskRequest,
): Promise<ExplainTaskResponse> {
  const stored = await findTask(state, request.id);
  const task = describeTask(state, stored, "full");
  const response = create(ExplainTaskResponseSchema, { status: task.status, reason: task.reason });
  const { reasons, expectedAt, ahead } = await explain(state, stats, stored, task);
  response.summary = reasons[0]?.message ?? "";
  response.explanations = reasons.map(encodeReason);
  const at = expectedAt === null ? undefined : toTimestamp(expectedAt);
  if (at !== undefined) response.expectedAt = at;
  if (ahead !== null) response.ahead = ahead;
  return response;
}

interface Told extends Explained {
  readonly ahead: number | null;
}

async function explain(state: EngineState, stats: Stats, stored: StoredTask, task: Task): Promise<Told> {
  const now = state.clock.now();
  const lane = state.lanes.get(stored.task.lane);
  if (task.status === TaskStatus.WAITING && lane !== undefined) {
    const { view } = stats.board;
    const queue = view.queues.find((one) => one.queue === lane.key.queue) ?? view.totals;
    const lock = await lockFacts(state, lane);
    const waiting = waitingTask(state, stats, stored, task, lane, lock, (session) => serves(session.profile, lane.key));
    const { higher, earlier } = waiting;
    const ahead = waiting.dueAt > now || higher === null || earlier === null ? null : higher + earlier;
    return { ...explainWaiting(waiting, queue, view, now), ahead };
  }
  if (task.status === TaskStatus.RUNNING)
    return { ...explainRunning(runningTask(state, stats, stored, task), stats.board.view, now), ahead: null };
  return { reasons: [explainEnd(endedTask(stats, task))], expectedAt: null, ahead: null };
}

function runningTask(state: EngineState, stats: Stats, stored: StoredTask, task: Task): RunningTask {
  const attempt = itemAt(state, stored.task)?.attempt ?? null;
  const monotonic = state.clock.monotonic();
  const track = stats.board.tracks.find(keyOf(null, task.type));
  const usual = track === undefined || track.hourRuns.total < 20 ? undefined : viewLatency(track.hourRuns);
  return {
    ...{ id: task.id, reason: task.reason, type: task.type, timeoutMs: stored.task.timeoutMs },
    worker: attempt?.session?.info.name ?? task.attempts.at(-1)?.workerName ?? "",
    startedAt: attempt?.startedAt || attempt?.leasedAt || state.clock.now(),
    quietMs: attempt === null || attempt.beatAt === 0 ? null : Math.max(monotonic - attempt.beatAt, 0),
    workerSilentMs: attempt?.session == null ? 0 : Math.max(monotonic - attempt.session.seenAt, 0),
    leaseTtlMs: state.config.leaseTtlMs,
    percent: task.progress?.percent ?? null,
    ...{ p50Ms: usual?.p50Ms, p95Ms: usual?.p95Ms },
  };
}

function endedTask(stats: Stats, task: Task) {
  const message = task.error?.message ?? "";
  const fingerprint = fingerprintOfTask(task);
  const group = fingerprint === null ? undefined : stats.failures.groups.get(fingerprint);
  return {
    ...{ id: task.id, status: task.status, reason: task.reason, message, attempts: task.attempt },
    exitCode: task.exitCode,
    endedAt: task.endedAt === undefined ? 0 : timestampMs(task.endedAt),
    retriedAs: task.retriedAs,
    group: group === undefined ? null : { ...group },
  };
}

export function encodeReason(told: Reason): Explanation {
  const { expectedAt, evidence, tasks, ...rest } = told;
  const at = expectedAt === null ? undefined : toTimestamp(Math.round(expectedAt));
  return create(ExplanationSchema, {
    ...rest,
    evidence: { ...evidence },
    tasks: BigInt(tasks),
    ...(at === undefined ? {} : { expectedAt: at }),
  });
}
