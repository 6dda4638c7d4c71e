import type { Status } from "../proto/gen/google/rpc/status_pb.js";
import { type Task, TaskSchema } from "../proto/gen/tss/v1/task_pb.js";
import { type ErrorView, viewError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import { messageJson } from "./render/message-json.ts";
import { refusal } from "./submit-task.ts";

/** The answer to one id of a call that takes many. */
export interface BatchItem {
  readonly id: string;
  readonly task?: Task;
  readonly error?: ErrorView;
}

interface BatchAnswer {
  readonly result:
    | { case: "task"; value: Task }
    | { case: "error"; value: Status }
    | { case: undefined; value?: undefined };
}

/** Joins ids with their answers, which stand at the same places. */
export function batchItems(ids: readonly string[], answers: readonly BatchAnswer[]): BatchItem[] {
  return ids.map((id, at) => {
    const result = answers[at]?.result;
    if (result?.case === "task") return { id, task: result.value };
    return { id, error: viewError(refusal(result?.value)) };
  });
}

/** 0, or the code of the first refusal. */
export function batchExitCode(items: readonly BatchItem[]): number {
  return items.find((item) => item.error !== undefined)?.error?.exitCode ?? EXIT.ok;
}

export function batchJson(item: BatchItem) {
  if (item.task !== undefined) return { task: messageJson(TaskSchema, item.task) };
  const { code, message } = item.error ?? { code: "INTERNAL", message: "" };
  return { id: item.id, error: { code, message } };
}
