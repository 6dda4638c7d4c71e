import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Task } from "../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestSchema, ListTasksResponse } from "../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { Tasks } from "../sdk/typescript/client/tasks.ts";

export type TaskFilter = Omit<MessageInitShape<typeof ListTasksRequestSchema>, "limit" | "$typeName" | "$unknown">;

export interface TaskPage {
  readonly tasks: readonly Task[];
  /** Empty: there is nothing further. */
  readonly nextCursor: string;
  /** A search that was not at its end has looked back to here. */
  readonly scannedTo: ListTasksResponse["scannedTo"];
}

/** Up to `limit` tasks, newest first, in as many calls as that takes. */
export async function listTasks(tasks: Tasks, filter: TaskFilter, limit: number): Promise<TaskPage> {
  const found: Task[] = [];
  let cursor = filter.cursor ?? "";
  while (true) {
    const size = Math.min(LIMITS.pageSize, limit - found.length);
    const page = await tasks.listTasks({ ...filter, cursor, limit: size });
    found.push(...page.tasks);
    cursor = page.nextCursor;
    // A search without an index answers early: the user decides whether to look further back.
    const searchStopped = page.scannedTo !== undefined && page.tasks.length < size;
    if (cursor === "" || found.length >= limit || searchStopped)
      return { tasks: found, nextCursor: cursor, scannedTo: page.scannedTo };
  }
}
