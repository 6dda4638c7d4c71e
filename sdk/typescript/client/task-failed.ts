import type { TaskView } from "./task-view.ts";

/** A task whose result was asked for has ended without one. */
export class TaskFailedError extends Error {
  readonly task: TaskView;

  constructor(task: TaskView) {
    const why = task.reason === undefined ? "" : ` (${task.reason})`;
    super(`Task ${task.id} "${task.name}" ${task.status}${why}${task.error ? `: ${task.error.message}` : "."}`);
    this.name = "TaskFailedError";
    this.task = task;
  }
}
