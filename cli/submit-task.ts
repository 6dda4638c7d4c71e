import { randomUUID } from "node:crypto";
import { isInDoubt, TssError } from "../proto/errors.ts";
import type { Status } from "../proto/gen/google/rpc/status_pb.js";
import type { Tasks } from "../sdk/typescript/client/tasks.ts";
import { fromStatus } from "../sdk/typescript/connection/status-error.ts";
import type { TaskSpecInit } from "./task-spec.ts";

/**
 * Submits one task. Safe to be sent twice: the message carries an id, so a connection that breaks on the way is tried
 * once more. @throws TssError with the coordinator's reason for this task.
 */
export async function submitTask(tasks: Tasks, spec: TaskSpecInit): Promise<{ id: string; duplicate: boolean }> {
  const request = { tasks: [spec], requestId: randomUUID() };
  const response = await tasks.submitTasks(request).catch((error: unknown) => {
    if (!(error instanceof TssError && error.code === "UNAVAILABLE")) throw told(error, isInDoubt(error));
    return tasks.submitTasks(request).catch((again: unknown) => {
      throw told(again, isInDoubt(error) || isInDoubt(again));
    });
  });
  const [answer] = response.results;
  if (answer?.result.case === "id") return { id: answer.result.value, duplicate: answer.duplicate };
  throw refusal(answer?.result.value);
}

/** A submit without an answer may have been accepted, and comes true when its coordinator or database is back. */
function told(error: unknown, inDoubt: boolean): unknown {
  if (!(error instanceof TssError) || !inDoubt) return error;
  const remark = 'The task may still be accepted: see "tss task list" before you create it again.';
  return new TssError(error.code, `${error.message} ${remark}`, { cause: error });
}

/** The error an item of a batch was answered with. */
export function refusal(status: Status | undefined): TssError {
  if (status === undefined) return new TssError("INTERNAL", "The coordinator gave no answer for the task.");
  return fromStatus(status);
}
