import { create } from "@bufbuild/protobuf";
import { TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type ExplainTaskRequest,
  type ExplainTaskResponse,
  ExplainTaskResponseSchema,
  type Explanation,
  ExplanationSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Lane } from "../engine/lanes.ts";
import { meets, serves } from "../engine/profile.ts";
import type { QueueRoom } from "../engine/queue-room.ts";
import type { Session } from "../engine/session.ts";
import type { EngineState } from "../engine/state.ts";
import { describeTask } from "./describe-task.ts";
import { findTask } from "./find-task.ts";

type Reason = Pick<Explanation, "code" | "message" | "action"> & { evidence?: Record<string, string> };

/** Why a task is where it is, most telling first. */
export async function explainTask(state: EngineState, request: ExplainTaskRequest): Promise<ExplainTaskResponse> {
  const stored = await findTask(state, request.id);
  const task = describeTask(state, stored, "full");
  const lane = state.lanes.get(stored.task.lane);
  const reasons: Reason[] = [];
  if (task.status === TaskStatus.WAITING && lane !== undefined) explainWaiting(state, lane, task.reason, reasons);
  else if (task.status === TaskStatus.RUNNING) reasons.push(explainRunning(task.reason));
  else reasons.push(explainEnd(task.status, task.reason, task.error?.message ?? ""));
  return create(ExplainTaskResponseSchema, {
    status: task.status,
    reason: task.reason,
    summary: reasons[0]?.message ?? "",
    explanations: reasons.map((reason) => create(ExplanationSchema, reason)),
  });
}

function explainWaiting(state: EngineState, lane: Lane, reason: TaskReason, reasons: Reason[]): void {
  if (reason === TaskReason.SCHEDULED || reason === TaskReason.RETRYING)
    reasons.push({
      code: reason === TaskReason.SCHEDULED ? "scheduled" : "retrying",
      message:
        reason === TaskReason.SCHEDULED
          ? "Its start time lies ahead."
          : "Its last attempt failed; the next one comes later.",
      action: "Wait, or submit it again without a delay.",
    });
  const queue = state.queues.get(lane.key.queue);
  if (queue?.paused)
    reasons.push({
      code: "queue_paused",
      message: `Queue ${lane.key.queue} is paused${queue.pauseNote === "" ? "" : `: ${queue.pauseNote}`}.`,
      action: `Resume it: tss queue resume ${lane.key.queue}`,
      evidence: { queue: lane.key.queue },
    });
  if (lane.room?.isFull) reasons.push(explainThrottled(lane.key.queue, lane.room));
  const workers = [...state.sessions.values()];
  const serving = workers.filter((worker) => serves(worker.profile, lane.key));
  if (serving.length === 0) reasons.push(explainNobody(lane, workers));
  else if (reasons.length === 0) reasons.push(explainBusy(serving));
}

function explainThrottled(queue: string, { running, limit }: QueueRoom): Reason {
  return {
    code: "queue_limit",
    message: `Queue ${queue} runs as many of its tasks as it may (${running} of ${limit}).`,
    action: `Wait, or raise the limit: tss queue limit ${queue} ${limit + 1}`,
    evidence: { queue, running: String(running), limit: String(limit) },
  };
}

/** No worker could ever run it: what they lack. */
function explainNobody(lane: Lane, workers: readonly Session[]): Reason {
  const { queue, needs } = lane.key;
  const evidence = { workers: String(workers.length), queue };
  if (workers.length === 0)
    return { code: "no_worker", message: "No worker is connected.", action: "Start an agent: tss-agent", evidence };
  const inQueue = workers.filter(({ profile }) => profile.queues.size === 0 || profile.queues.has(queue));
  if (inQueue.length === 0)
    return {
      code: "no_worker",
      message: `No worker serves queue ${queue}.`,
      action: `Start a worker with TSS_WORKER_QUEUES=${queue}, or submit to another queue.`,
      evidence,
    };
  const able = inQueue.filter(({ profile }) => meets(profile, { ...needs, selector: {}, resources: {} }));
  if (able.length === 0) {
    const message =
      needs.type === "" ? "No worker of its queue runs commands." : `No worker has the handler ${needs.type}.`;
    return { code: "no_handler", message, action: "Start a worker that can run it, or cancel the task.", evidence };
  }
  const labelled = able.filter(({ profile }) => meets(profile, { ...needs, resources: {} }));
  if (labelled.length === 0)
    return {
      code: "selector",
      message: "No worker has the labels it asks for.",
      action: "Start a worker with these labels, or submit it with another selector.",
      evidence: { ...evidence, ...needs.selector },
    };
  return {
    code: "resources",
    message: "No worker is large enough for the resources it asks for.",
    action: "Start a larger worker, or ask for less.",
    evidence: { ...evidence, ...mapValues(needs.resources) },
  };
}

function explainBusy(serving: readonly Session[]): Reason {
  const held = serving.reduce((sum, worker) => sum + worker.held.size, 0);
  const slots = serving.reduce((sum, worker) => sum + worker.info.slots, 0);
  return {
    code: "slots_busy",
    message: `Every slot that could run it is taken (${held} of ${slots}), or tasks ahead of it go first.`,
    action: "Wait, or add workers or slots.",
    evidence: { held: String(held), slots: String(slots) },
  };
}

function explainRunning(reason: TaskReason): Reason {
  switch (reason) {
    case TaskReason.CANCELLING:
      return { code: "cancelling", message: "Its worker was told to end it.", action: "Wait for its grace to pass." };
    case TaskReason.DISCONNECTED:
      return {
        code: "disconnected",
        message: "Its worker's connection is gone; its lease still holds.",
        action: "Wait: the worker comes back, or the attempt is lost when the lease ends.",
      };
    default:
      return { code: "executing", message: "A worker is running it.", action: "Follow it: tss task logs ID -f" };
  }
}

function explainEnd(status: TaskStatus, reason: TaskReason, error: string): Reason {
  if (status === TaskStatus.SUCCEEDED) return { code: "succeeded", message: "It has succeeded.", action: "Nothing." };
  if (status === TaskStatus.CANCELLED)
    return { code: "cancelled", message: "It was cancelled.", action: "Run it again: tss task retry ID" };
  const name = TaskReason[reason]?.toLowerCase() ?? "failed";
  return {
    code: name,
    message: `It has failed (${name})${error === "" ? "." : `: ${error}`}`,
    action: "Read its output: tss task logs ID",
  };
}

function mapValues(map: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, String(value)]));
}
