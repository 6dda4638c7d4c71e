import { type DescMessage, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { BulkService, GetBulkRequestSchema, GetBulkResponseSchema } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import {
  ExplainQueueRequestSchema,
  ExplainQueueResponseSchema,
  GetOverviewRequestSchema,
  GetOverviewResponseSchema,
  GetQueueRequestSchema,
  GetQueueResponseSchema,
  GetWorkerRequestSchema,
  GetWorkerResponseSchema,
  ListQueuesRequestSchema,
  ListQueuesResponseSchema,
  ListWorkersRequestSchema,
  ListWorkersResponseSchema,
  QueueService,
  StatsService,
  WorkerRegistryService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { ListActivityRequestSchema, ListActivityResponseSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { TaskSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  ListTasksRequestSchema,
  ListTasksResponseSchema,
  TailLogsRequestSchema,
  TaskService,
  WatchTasksRequestSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { callUnary, type RouteContext } from "../routes/context.ts";
import { failuresSource } from "./failures-source.ts";
import { lockSource, locksSource } from "./lock-sources.ts";
import { outputFrame } from "./output-frame.ts";
import { type Poll, pollSource } from "./poll-source.ts";
import { seriesSource } from "./series-source.ts";
import type { Source } from "./source.ts";
import { statsSource } from "./stats-source.ts";

type MakeSource = (context: RouteContext, request: JsonValue, from: number) => Source;

/** Every topic there is. */
const TOPICS: Readonly<Record<string, MakeSource>> = {
  tasks: polled(TaskService, "listTasks", ListTasksRequestSchema, ListTasksResponseSchema, {
    field: "tasks",
    key: "id",
  }),
  queues: polled(QueueService, "listQueues", ListQueuesRequestSchema, ListQueuesResponseSchema, {
    field: "queues",
    key: "name",
  }),
  queue: polled(QueueService, "getQueue", GetQueueRequestSchema, GetQueueResponseSchema),
  "explain-queue": polled(QueueService, "explainQueue", ExplainQueueRequestSchema, ExplainQueueResponseSchema),
  workers: polled(WorkerRegistryService, "listWorkers", ListWorkersRequestSchema, ListWorkersResponseSchema, {
    field: "workers",
    key: "sessionId",
  }),
  worker: polled(WorkerRegistryService, "getWorker", GetWorkerRequestSchema, GetWorkerResponseSchema),
  locks: locksSource,
  lock: lockSource,
  bulk: polled(BulkService, "getBulk", GetBulkRequestSchema, GetBulkResponseSchema),
  overview: polled(StatsService, "getOverview", GetOverviewRequestSchema, GetOverviewResponseSchema),
  stats: statsSource,
  series: seriesSource,
  failures: failuresSource,
  activity: polled(StatsService, "listActivity", ListActivityRequestSchema, ListActivityResponseSchema, {
    field: "entries",
    key: "id",
  }),
  task: taskSource,
  output: outputSource,
};

/** @throws Error naming what is wrong with the topic. */
export function sourceOf(context: RouteContext, topic: string, from: number): Source {
  const space = topic.indexOf(" ");
  const name = space < 0 ? topic : topic.slice(0, space);
  const make = Object.hasOwn(TOPICS, name) ? TOPICS[name] : undefined;
  if (make === undefined) throw new Error(`There is no topic ${JSON.stringify(name.slice(0, 40))}.`);
  return make(context, space < 0 ? {} : (JSON.parse(topic.slice(space + 1)) as JsonValue), from);
}

function polled(
  service:
    | typeof TaskService
    | typeof QueueService
    | typeof StatsService
    | typeof WorkerRegistryService
    | typeof BulkService,
  method: string,
  input: DescMessage,
  output: DescMessage,
  rows?: Poll["rows"],
): MakeSource {
  return (context, json) => {
    const request = fromJson(input, json);
    const call = callUnary(context, service, method);
    const read: Poll["read"] = (headers, signal) => call(request, { headers, signal, timeoutMs: 10_000 });
    return pollSource(rows === undefined ? { output, read } : { output, read, rows });
  };
}

/** @throws Error when the stream ends before the task has. */
function taskSource({ connection }: RouteContext, json: JsonValue): Source {
  const request = fromJson(WatchTasksRequestSchema, json);
  return async ({ signal, headers, state }) => {
    let ended = false;
    for await (const { task } of connection.service(TaskService).watchTasks(request, { headers: headers(), signal })) {
      if (task === undefined) continue;
      ended = task.endedAt !== undefined;
      state({ kind: "value", json: JSON.stringify(toJson(TaskSchema, task)) });
    }
    if (!ended) throw new Error("The watch ended before the task.");
  };
}

/** Output from a byte on; begun anew, it goes on where it was. @throws Error when the stream ends before the output. */
function outputSource({ connection }: RouteContext, json: JsonValue, from: number): Source {
  const request = { ...fromJson(TailLogsRequestSchema, json), offset: BigInt(from), follow: true };
  return async ({ signal, headers, output }) => {
    let ended = false;
    for await (const chunk of connection.service(TaskService).tailLogs(request, { headers: headers(), signal })) {
      request.offset = chunk.offset + BigInt(chunk.data.length);
      ended = chunk.end;
      output(outputFrame(chunk));
    }
    if (!ended) throw new Error("The output was cut short.");
  };
}
