import { fromBinary } from "@bufbuild/protobuf";
import { AttemptSchema, type Task, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { fingerprintOf } from "../kernel/stats/fingerprint.ts";
import { titleOf } from "./failure-book.ts";

/**
 * Fingerprint of the failure that ended the task; null: it has not failed.
 * @param detail its last attempt as it is stored, for a task that carries no attempts.
 */
export function fingerprintOfTask(task: Task, detail?: Uint8Array | null): string | null {
  if (task.status !== TaskStatus.FAILED) return null;
  const { queue, type, reason, name, exitCode, error } = task;
  const signal = task.attempts.at(-1)?.signal ?? (reason === TaskReason.SIGNAL ? readSignal(detail) : "");
  const title = titleOf({ type, message: error?.message ?? "", name: () => name, exitCode, signal });
  return fingerprintOf({ queue, type, reason, errorType: error?.type ?? "", title });
}

function readSignal(detail: Uint8Array | null | undefined): string {
  return detail == null ? "" : fromBinary(AttemptSchema, detail).signal;
}
