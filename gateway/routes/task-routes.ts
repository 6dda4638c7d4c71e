import { randomUUID } from "node:crypto";
import { isInDoubt, TssError } from "../../proto/errors.ts";
import type { Status } from "../../proto/gen/google/rpc/status_pb.js";
import { type Task, TaskSchema, type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type SubmitTasksRequest,
  SubmitTasksRequestSchema,
  SubmitTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { fromStatus } from "../../sdk/typescript/connection/status-error.ts";
import { asArgument, type Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import { takeTraceparent } from "../http/trace-request.ts";
import { fromJson } from "../json/from-json.ts";
import type { JsonObject } from "../json/parse-json.ts";
import { toJson } from "../json/to-json.ts";
import { type RouteContext, taskClient } from "./context.ts";
import { idempotencyKeyOf, takeIdempotencyKey } from "./idempotency-key.ts";

/** The promised calls that change tasks: one task each, where gRPC takes lists. */
export function taskRoutes(context: RouteContext): Route[] {
  return [
    { method: "POST", path: "/task/submit", query: [], handle: (exchange) => submit(context, exchange) },
    { method: "POST", path: "/task/cancel/{id}", query: [], handle: (exchange) => cancel(context, exchange) },
    { method: "POST", path: "/task/retry/{id}", query: [], handle: (exchange) => retry(context, exchange) },
    { method: "GET", path: "/task/query/{id}", query: [], handle: (exchange) => query(context, exchange) },
    { method: "GET", path: "/task/wait/{id}", query: ["timeout"], handle: (exchange) => wait(context, exchange) },
  ];
}

async function submit(context: RouteContext, exchange: Exchange): Promise<void> {
  const options = exchange.callOptions;
  const body = await exchange.readJson();
  if (body !== null && typeof body === "object" && !Array.isArray(body) && "tasks" in body) {
    const request = asArgument(() => fromJson(SubmitTasksRequestSchema, body)) as SubmitTasksRequest;
    for (const [index, spec] of request.tasks.entries()) takeIdempotencyKey(spec, exchange, `/${index}`);
    takeTraceparent(request.tasks, exchange.request.headers["traceparent"]);
    request.requestId ||= repeatId(request.tasks);
    const answer = await orInDoubt(taskClient(context).submitTasks(request, options));
    return exchange.json(200, toJson(SubmitTasksResponseSchema, answer));
  }
  const spec = asArgument(() => fromJson(TaskSpecSchema, body)) as TaskSpec;
  takeIdempotencyKey(spec, exchange);
  takeTraceparent([spec], exchange.request.headers["traceparent"]);
  const { results } = await orInDoubt(
    taskClient(context).submitTasks({ tasks: [spec], requestId: repeatId([spec]) }, options),
  );
  const [result] = results;
  if (result?.result.case !== "id") throw itemError(result?.result.value);
  const id = result.result.value;
  const { task } = await taskClient(context).getTask({ id }, options);
  const json = taskJson(task);
  if (result.duplicate) json["duplicate"] = true;
  exchange.json(result.duplicate ? 200 : 201, json, { location: `/task/query/${id}` });
}

/** Lets a submit be sent to another coordinator when one does not answer; tasks with keys need no other. */
function repeatId(tasks: readonly TaskSpec[]): string {
  return tasks.every(({ idempotencyKey }) => idempotencyKey !== "") ? "" : randomUUID();
}

/** A submit that was not answered may have been accepted: who sends it again must know. */
async function orInDoubt<T>(call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    if (!isInDoubt(error)) throw error;
    throw new TssError(
      error.code,
      `${error.message} What was submitted may still be accepted: send it again with the same Idempotency-Key, or look at /task/list.`,
      { reason: error.reason, cause: error },
    );
  });
}

async function cancel(context: RouteContext, exchange: Exchange): Promise<void> {
  const options = exchange.callOptions;
  await noBody(exchange);
  const { results } = await taskClient(context).cancelTasks({ ids: [exchange.params["id"] as string] }, options);
  const [result] = results;
  if (result?.result.case !== "task") throw itemError(result?.result.value);
  exchange.json(200, { ...taskJson(result.result.value), changed: result.changed });
}

async function retry(context: RouteContext, exchange: Exchange): Promise<void> {
  const options = exchange.callOptions;
  await noBody(exchange);
  const requestId = idempotencyKeyOf(exchange) ?? randomUUID();
  const { results } = await taskClient(context).retryTasks(
    { ids: [exchange.params["id"] as string], requestId },
    options,
  );
  const [result] = results;
  if (result?.result.case !== "task") throw itemError(result?.result.value);
  exchange.json(201, taskJson(result.result.value), { location: `/task/query/${result.result.value.id}` });
}

/** These calls take nothing but the id; a body that says more is refused rather than overlooked. */
async function noBody(exchange: Exchange): Promise<void> {
  const body = await exchange.readJson();
  if (body === null || typeof body !== "object" || Array.isArray(body) || Object.keys(body).length > 0)
    throw new HttpProblem(400, "INVALID_ARGUMENT", "This call takes no body: everything it needs is in the address.");
}

async function query(context: RouteContext, exchange: Exchange): Promise<void> {
  const { task } = await taskClient(context).getTask({ id: exchange.params["id"] as string }, exchange.callOptions);
  exchange.json(200, taskJson(task));
}

async function wait(context: RouteContext, exchange: Exchange): Promise<void> {
  const seconds = Number(exchange.url.searchParams.get("timeout") ?? "30");
  if (!(seconds >= 0 && seconds <= 600))
    throw new HttpProblem(400, "INVALID_ARGUMENT", "timeout must be 0–600 seconds.");
  const whole = Math.trunc(seconds);
  const { task, ended } = await taskClient(context).waitTask(
    {
      id: exchange.params["id"] as string,
      timeout: { seconds: BigInt(whole), nanos: Math.round((seconds - whole) * 1e9) },
    },
    { ...exchange.callOptions, timeoutMs: seconds * 1_000 + 10_000 },
  );
  exchange.json(200, { ...taskJson(task), ended });
}

export function taskJson(task: Task | undefined): JsonObject {
  if (task === undefined) throw new TssError("INTERNAL", "The coordinator answered without a task.");
  return toJson(TaskSchema, task);
}

/** The error of one item as if it were the call's own. */
function itemError(status: Status | undefined): TssError {
  return status === undefined
    ? new TssError("INTERNAL", "The coordinator answered without a result.")
    : fromStatus(status);
}
