import { type Task, TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";

/** Whether nothing happens to the task any more. */
export function hasEnded(task: Pick<Task, "status">): boolean {
  return task.status >= TaskStatus.SUCCEEDED;
}
