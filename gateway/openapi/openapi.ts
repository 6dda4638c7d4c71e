import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { TaskSchema, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  SubmitTasksRequestSchema,
  SubmitTasksResponseSchema,
  TaskService,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { readVersion } from "../../runtime/version.ts";
import type { JsonObject, JsonValue } from "../json/parse-json.ts";
import { annotatedMethods } from "../routes/annotations.ts";
import { camelPath } from "../routes/transcoded-routes.ts";
import { exportOperation } from "./export-operation.ts";
import { commentOf, Schemas } from "./schemas.ts";
import { STREAM_PARAMETERS } from "./stream-operations.ts";

const PROBLEM = { $ref: "#/components/responses/Problem" };

/** The REST surface as an OpenAPI 3.1 document, made from the descriptors. */
export function openApi(): JsonObject {
  const schemas = new Schemas();
  const paths: Record<string, JsonObject> = {};
  for (const { method, verb, path, body } of annotatedMethods())
    paths[camelPath(path)] = { [verb.toLowerCase()]: operation(schemas, method, camelPath(path), body) };
  Object.assign(paths, promised(schemas));
  return {
    openapi: "3.1.0",
    info: {
      title: "TSS",
      version: readVersion(),
      license: { name: "MIT", identifier: "MIT" },
      description:
        "Runs work somewhere else, later, reliably. Durations are seconds; times are RFC 3339; counters are numbers below 2^53.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))) as JsonObject,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "tss_…" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      },
      responses: {
        Problem: {
          description: "What went wrong (RFC 9457).",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      schemas: { ...schemas.all, Problem: problemSchema(), ItemError: itemErrorSchema() },
    },
  };
}

function operation(schemas: Schemas, method: DescMethod, path: string, body: boolean): JsonObject {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  const rest = method.input.fields.filter((field) => !inPath.includes(field.jsonName));
  const parameters: JsonValue[] = inPath.map((name) => pathParameter(name));
  const own = STREAM_PARAMETERS[method.name];
  if (own !== undefined)
    for (const [name, schema] of Object.entries(own)) parameters.push({ name, in: "query", required: false, schema });
  else if (!body)
    for (const field of rest)
      parameters.push({ name: field.jsonName, in: "query", required: false, schema: schemas.field(field) });
  const streams = method.methodKind !== "unary";
  return {
    ...head(method, path),
    parameters,
    ...(body ? { requestBody: { content: { "application/json": { schema: schemas.ref(method.input) } } } } : {}),
    responses: {
      "200": streams ? streamAnswer() : answer(schemas, method.output),
      default: PROBLEM,
    },
  };
}

function head(method: DescMethod, path: string): JsonObject {
  const comment = commentOf(`${method.parent.typeName}.${method.name}`);
  return {
    operationId: method.localName,
    tags: [path.split("/")[1] as string],
    ...(comment === undefined ? {} : { summary: comment.split(/(?<=\.)\s/)[0] as string, description: comment }),
  };
}

function pathParameter(name: string): JsonObject {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

function answer(schemas: Schemas, output: DescMessage): JsonObject {
  return { description: "Done.", content: { "application/json": { schema: schemas.ref(output) } } };
}

function streamAnswer(): JsonObject {
  return {
    description: "A stream; server-sent events when asked for by Accept.",
    content: { "text/event-stream": { schema: { type: "string" } }, "text/plain": { schema: { type: "string" } } },
  };
}

/** Calls whose REST form is friendlier than their message. */
function promised(schemas: Schemas): Record<string, JsonObject> {
  const { submitTasks, cancelTasks, retryTasks, waitTask, getTask } = TaskService.method;
  const id = pathParameter("id");
  const task = schemas.ref(TaskSchema);
  const taskAnswer = (description: string, extra: JsonObject = {}) => ({
    description,
    content: {
      "application/json": { schema: Object.keys(extra).length === 0 ? task : { allOf: [task], properties: extra } },
    },
  });
  const key: JsonObject = {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description: "The same key with the same body gives the same task. For a list, task N has the key KEY/N.",
    schema: { type: "string", maxLength: 128 },
  };
  const traceparent: JsonObject = {
    name: "traceparent",
    in: "header",
    required: false,
    description: "W3C Trace Context of the caller: a single task that names none goes on with it.",
    schema: { type: "string" },
  };
  const one = schemas.ref(TaskSpecSchema);
  const many = schemas.ref(SubmitTasksRequestSchema);
  return {
    "/task/submit": {
      post: {
        ...head(submitTasks, "/task/submit"),
        parameters: [key, traceparent],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { oneOf: [one, many] },
              examples: { command: { value: { name: "Test Task", command: "python3 your_script.py" } } },
            },
          },
        },
        responses: {
          "201": taskAnswer("The task is durable."),
          "200": {
            description: "The key had made this task before, or the answer for a list of tasks.",
            content: { "application/json": { schema: { anyOf: [task, schemas.ref(SubmitTasksResponseSchema)] } } },
          },
          default: PROBLEM,
        },
      },
    },
    "/task/export": { get: exportOperation(schemas, PROBLEM) },
    "/task/query/{id}": {
      get: {
        ...head(getTask, "/task/query"),
        parameters: [id],
        responses: { "200": taskAnswer("The task."), default: PROBLEM },
      },
    },
    "/task/cancel/{id}": {
      post: {
        ...head(cancelTasks, "/task/cancel"),
        parameters: [id],
        responses: { "200": taskAnswer("The task as it is now.", { changed: { type: "boolean" } }), default: PROBLEM },
      },
    },
    "/task/retry/{id}": {
      post: {
        ...head(retryTasks, "/task/retry"),
        parameters: [id, key],
        responses: { "201": taskAnswer("The new task."), default: PROBLEM },
      },
    },
    "/task/wait/{id}": {
      get: {
        ...head(waitTask, "/task/wait"),
        parameters: [
          id,
          { name: "timeout", in: "query", required: false, schema: { type: "number", minimum: 0, maximum: 600 } },
        ],
        responses: {
          "200": taskAnswer("The task when it has ended, or as it is.", { ended: { type: "boolean" } }),
          default: PROBLEM,
        },
      },
    },
  };
}

function problemSchema(): JsonObject {
  return {
    type: "object",
    required: ["type", "title", "status", "detail", "code", "requestId"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string", description: "One sentence: what is wrong, where, what to do." },
      code: { type: "string", description: "For programs, e.g. INVALID_ARGUMENT." },
      reason: { type: "string" },
      requestId: { type: "string" },
      retryAfter: { type: "number", description: "Seconds." },
      violations: {
        type: "array",
        items: { type: "object", properties: { field: { type: "string" }, description: { type: "string" } } },
      },
    },
  };
}

function itemErrorSchema(): JsonObject {
  return {
    type: "object",
    properties: {
      code: { type: "string" },
      detail: { type: "string" },
      reason: { type: "string" },
      violations: { type: "array", items: { type: "object" } },
    },
  };
}
