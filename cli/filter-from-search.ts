import { fromJson } from "@bufbuild/protobuf";
import { ListTasksRequestSchema } from "../proto/gen/tss/v1/task_service_pb.js";
import { parseSearch } from "../proto/search/parse-search.ts";
import { UsageError } from "./errors.ts";
import type { TaskFilter } from "./list-tasks.ts";

/** A search as the dashboard has it. @throws UsageError that says what is wrong, with marks under the words. */
export function filterFromSearch(text: string, now: number): TaskFilter {
  const line = text.replace(/[\s\p{Cc}]/gu, " ");
  const { request, problems, id } = parseSearch(line, now);
  if (id !== null) throw new UsageError(`"${id}" is the id of a task: tss task status ${id} shows it`);
  if (problems.length > 0) {
    const said = problems.map(({ start, end, message }) => `${line.slice(start, end)}: ${message}`);
    let marks = "";
    for (const { start, end } of problems) marks = marks.padEnd(start).padEnd(end, "^");
    throw new UsageError(said.join(" "), `  ${line}\n  ${marks}`);
  }
  const { $typeName, limit, ...filter } = fromJson(ListTasksRequestSchema, request);
  return filter;
}
