import type { ListTasksRequest } from "../../proto/gen/tss/v1/task_service_pb.js";
import { ListTasksRequestSchema, type ListTasksResponse } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { asArgument, type Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import { fromJson } from "../json/from-json.ts";
import { type RouteContext, taskClient } from "./context.ts";
import { csvLine, TASK_COLUMNS, taskCells } from "./task-cells.ts";
import { taskJson } from "./task-routes.ts";
import { queryToJson } from "./transcoded-routes.ts";

interface Format {
  readonly type: string;
  readonly head: string;
  line(task: ReturnType<typeof taskJson>): string;
  /** What stands last where there are more. */
  more(cursor: string): string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    head: csvLine(TASK_COLUMNS),
    line: (task) => csvLine(taskCells(task)),
    more: (cursor) => csvLine([`There are more: cursor=${cursor}`, ...TASK_COLUMNS.slice(1).map(() => "")]),
  },
  ndjson: {
    type: "application/x-ndjson; charset=utf-8",
    head: "",
    line: (task) => `${JSON.stringify(task)}\n`,
    more: (cursor) => `${JSON.stringify({ nextCursor: cursor })}\n`,
  },
};

/** A list of tasks as a file: all that fit, newest first, sent as they are read. */
export function exportRoutes(context: RouteContext): Route[] {
  return [{ method: "GET", path: "/task/export", handle: (exchange) => exportTasks(context, exchange) }];
}

async function exportTasks(context: RouteContext, exchange: Exchange): Promise<void> {
  const query = new URLSearchParams(exchange.url.searchParams);
  const name = query.get("format") || "csv";
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) throw new HttpProblem(400, "INVALID_ARGUMENT", "format must be csv or ndjson.");
  query.delete("format");
  const json = asArgument(() => queryToJson(ListTasksRequestSchema, query));
  const request = asArgument(() => fromJson(ListTasksRequestSchema, json)) as ListTasksRequest;
  const most = request.limit || LIMITS.exportTasks;
  if (most > LIMITS.exportTasks)
    throw new HttpProblem(400, "INVALID_ARGUMENT", `limit must be from 1 to ${LIMITS.exportTasks}.`);
  const signal = AbortSignal.any([exchange.signal, context.draining]);
  const read = (left: number): Promise<ListTasksResponse> =>
    taskClient(context).listTasks(
      { ...request, limit: Math.min(left, LIMITS.pageSize) },
      { ...exchange.callOptions, signal },
    );
  // The first page is read before anything is said, so that what is wrong still gets its status.
  let page = await read(most);
  exchange.response.writeHead(200, {
    "content-type": format.type,
    "content-disposition": `attachment; filename="tasks.${name}"`,
    "cache-control": "no-store",
  });
  if (format.head !== "" && !(await exchange.write(format.head))) return;
  for (let left = most; ; page = await read(left)) {
    const lines = page.tasks.map((task) => format.line(taskJson(task)));
    if (lines.length > 0 && !(await exchange.write(lines.join("")))) return;
    left -= page.tasks.length;
    request.cursor = page.nextCursor;
    if (page.nextCursor === "" || left === 0) break;
  }
  if (page.nextCursor !== "") await exchange.write(format.more(page.nextCursor));
  exchange.response.end();
}
