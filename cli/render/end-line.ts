import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { msOf, spanText } from "./time.ts";
import { endSignal, paintStatus, statusText } from "./words.ts";

/** How a task ended, in one line: id, status, exit code, how long it took, and the error it left. */
export function endLine(task: Task, paint: Painter): string {
  const from = msOf(task.startedAt) ?? msOf(task.createdAt);
  const to = msOf(task.endedAt);
  const parts = [printable(task.id), paintStatus(paint, statusText(task), task.status)];
  if (task.exitCode !== undefined && task.exitCode !== 0) parts.push(`exit code ${task.exitCode}`);
  const signal = endSignal(task);
  if (signal !== "") parts.push(printable(signal));
  if (from !== undefined && to !== undefined) parts.push(`after ${spanText(to - from)}`);
  const error = task.error?.message ? `: ${printable(task.error.message)}` : "";
  return parts.join("  ") + error;
}
