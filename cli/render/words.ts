import type { DescEnum } from "@bufbuild/protobuf";
import {
  type Task,
  TaskReason,
  TaskReasonSchema,
  TaskStatus,
  TaskStatusSchema,
} from "../../proto/gen/tss/v1/task_pb.js";
import { UsageError } from "../errors.ts";
import type { Painter } from "./color.ts";

/** An enum value as people write it: TASK_STATUS_RUNNING is "running". Empty for the unspecified value. */
export function enumWord(schema: DescEnum, value: number): string {
  if (value === 0) return "";
  return schema.value[value]?.localName.toLowerCase() ?? String(value);
}

/** The value of a word. @throws UsageError listing the words there are. */
export function enumValue(schema: DescEnum, word: string, what: string): number {
  const known = schema.values.filter((value) => value.number !== 0);
  const found = known.find((value) => value.localName.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found.number;
  const words = known.map((value) => value.localName.toLowerCase()).join(", ");
  throw new UsageError(`"${word}" is not a ${what}; it must be one of ${words}.`);
}

/** "running", or with what lies behind it "waiting (retrying)". */
export function statusText(task: Task): string {
  const status = enumWord(TaskStatusSchema, task.status);
  if (SELF_EVIDENT.has(task.reason)) return status;
  return `${status} (${enumWord(TaskReasonSchema, task.reason).replaceAll("_", " ")})`;
}

const SELF_EVIDENT: ReadonlySet<TaskReason> = new Set([
  TaskReason.UNSPECIFIED,
  TaskReason.READY,
  TaskReason.EXECUTING,
  TaskReason.ABORTED,
]);

export function paintStatus(paint: Painter, text: string, status: TaskStatus): string {
  switch (status) {
    case TaskStatus.RUNNING:
      return paint.cyan(text);
    case TaskStatus.SUCCEEDED:
      return paint.green(text);
    case TaskStatus.FAILED:
      return paint.red(text);
    case TaskStatus.CANCELLED:
      return paint.yellow(text);
    default:
      return text;
  }
}

/** Name of the signal that ended the newest attempt; "" when none did. Lists do not tell. */
export function endSignal(task: Task): string {
  return task.attempts.at(-1)?.signal ?? "";
}

/** "1 worker", "3 workers". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
