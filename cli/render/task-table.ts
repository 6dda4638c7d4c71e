import { type Task, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { type Column, tableLines } from "./table.ts";
import { msOf, relativeText, spanText } from "./time.ts";
import { paintStatus, statusText } from "./words.ts";

/** Lines of a table of tasks, one line each and its title first. */
export function taskTable(tasks: readonly Task[], now: number, width: number | undefined, paint: Painter): string[] {
  const shape: Column<Task>[] = [
    { title: "ID", value: (task) => printable(task.id) },
    { title: "NAME", value: (task) => printable(task.name), shrinkTo: 8, drop: 1, paint: (text) => paint.bold(text) },
    { title: "QUEUE", value: (task) => printable(task.queue), shrinkTo: 7, drop: 4 },
    { title: "STATUS", value: statusCell, shrinkTo: 9, paint: (text, task) => paintStatus(paint, text, task.status) },
    { title: "CREATED", value: (task) => relativeText(msOf(task.createdAt), now), drop: 2 },
    { title: "TIME", value: (task) => durationCell(task, now), right: true, drop: 3 },
  ];
  return tableLines(tasks, shape, width);
}

function statusCell(task: Task): string {
  const percent = task.status === TaskStatus.RUNNING ? task.progress?.percent : undefined;
  return `${statusText(task)}${percent === undefined ? "" : ` ${Math.floor(percent)}%`}`;
}

/** How long it has run, or for a task with a start ahead, when that is. */
function durationCell(task: Task, now: number): string {
  const started = msOf(task.startedAt);
  if (started !== undefined) return spanText((msOf(task.endedAt) ?? now) - started);
  const ahead = msOf(task.nextAttemptAt) ?? msOf(task.runAt);
  return task.status === TaskStatus.WAITING && ahead !== undefined && ahead > now ? relativeText(ahead, now) : "";
}
