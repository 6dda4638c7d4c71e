import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { call } from "../api/call.ts";
import { Problem, toProblem } from "../api/problem.ts";
import { useValue } from "../live/use-topic.ts";

export interface TaskState {
  readonly task: TaskJson | undefined;
  readonly problem: Problem | undefined;
}

/** A task, read once and then as it changes. One that is gone stays shown as it was last known. */
export function useTask(id: string): TaskState {
  const queries = useQueryClient();
  const key = ["task", id];
  const read = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => (await call("TaskService", "getTask", { id }, signal)).task ?? null,
  });
  const live = useValue<TaskJson>(`task ${JSON.stringify({ id })}`);
  const news = live.state;
  useEffect(() => {
    if (news !== undefined) queries.setQueryData(key, news);
  }, [news, queries, id]);
  const lost = live.problem?.final === true ? new Problem(live.problem.code, live.problem.detail) : undefined;
  return { task: read.data ?? undefined, problem: read.error === null ? lost : toProblem(read.error) };
}
