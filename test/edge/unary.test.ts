import { create } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, jest, test } from "@jest/globals";
import type { CallObserver } from "../../coordinator/api/call-observer.ts";
import type { Caller } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import {
  type GetTaskRequest,
  GetTaskResponseSchema,
  TaskService,
  WaitTaskResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Logger } from "../../runtime/logger.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, statusOf, TestClient } from "../support/grpc-client.ts";

const { getTask, submitTasks, waitTask, listTasks } = TaskService.method;
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function start(...args: Parameters<typeof startEdge>): Promise<{ edge: EdgeUnderTest; client: TestClient }> {
  const edge = await startEdge(...args);
  open.push(edge);
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  return { edge, client };
}

const found = create(GetTaskResponseSchema, { task: { id: "t1", name: "ö 😀" } });

test("a call is answered, with its caller proven and its request id echoed", async () => {
  const asked = jest.fn(async (_caller: Caller, _request: GetTaskRequest) => found);
  const { edge, client } = await start({ operations: fakeOperations({ tasks: { getTask: asked } }) });
  let id: unknown;
  const answer = await client.unary(
    getTask,
    { id: "t1" },
    {
      headers: { "x-request-id": "mine-1" },
      onHeaders: (headers) => {
        [id] = headers.get("x-request-id");
      },
    },
  );
  expect(answer).toEqual(found);
  expect(id).toBe("mine-1");
  expect(asked).toHaveBeenCalledWith({ keyId: edge.key.slice(4, 16), role: 1 }, expect.objectContaining({ id: "t1" }));
});

test("a TssError arrives with its code, sentence and all its details", async () => {
  const getTaskFails = async () => {
    throw new TssError("RESOURCE_EXHAUSTED", "Too much: 100 % of it, ö\u{1F600}\ud800.", {
      reason: "INBOX_FULL",
      violations: [{ field: "tasks[3].name", description: "is too long" }],
      retryAfterMs: 1_500,
    });
  };
  const { client } = await start({ operations: fakeOperations({ tasks: { getTask: getTaskFails } }) });
  const error = await failure(client.unary(getTask, { id: "x" }));
  expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(error.details).toBe("Too much: 100 % of it, ö\u{1F600}\ufffd.");
  const { details, code, message } = statusOf(error);
  expect([code, message]).toEqual([8, error.details]);
  expect(anyUnpack(details[0]!, ErrorInfoSchema)).toMatchObject({ reason: "INBOX_FULL", domain: "tss" });
  expect(anyUnpack(details[1]!, BadRequestSchema)?.fieldViolations).toMatchObject([{ field: "tasks[3].name" }]);
  expect(anyUnpack(details[2]!, RetryInfoSchema)?.retryDelay).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
});

test("an error with a thousand violations still fits into headers", async () => {
  const violations = Array.from({ length: 1_000 }, (_, n) => ({
    field: `tasks[${n}].name`,
    description: "x".repeat(500),
  }));
  const fails = async () => {
    throw new TssError("INVALID_ARGUMENT", "m".repeat(100_000), { violations });
  };
  const { client } = await start({ operations: fakeOperations({ tasks: { submitTasks: fails } }) });
  const error = await failure(client.unary(submitTasks, {}));
  expect(error.code).toBe(status.INVALID_ARGUMENT);
  expect(anyUnpack(statusOf(error).details[1]!, BadRequestSchema)?.fieldViolations.at(-1)?.description).toMatch(
    /^984 further/,
  );
});

test("any other error is INTERNAL with a request id, logged once and never told", async () => {
  const lines: [object, string][] = [];
  const logger: Logger = {
    error: (fields, message) => lines.push([fields, message]),
    warn() {},
    info() {},
    debug() {},
    child: () => logger,
  };
  const secret = new Error("password=hunter2");
  const fails = async () => {
    throw secret;
  };
  const { client } = await start({ logger, operations: fakeOperations({ tasks: { getTask: fails } }) });
  const error = await failure(client.unary(getTask, {}, { headers: { "x-request-id": "r7" } }));
  expect(error.code).toBe(status.INTERNAL);
  expect(error.details).toMatch(/request id r7/);
  expect(JSON.stringify([error.message, error.metadata.toJSON()])).not.toContain("hunter2");
  expect(error.metadata.get("x-request-id")).toEqual(["r7"]);
  expect(lines).toEqual([
    [{ error: secret, method: "tss.v1.TaskService/GetTask", requestId: "r7" }, expect.any(String)],
  ]);
});

test("every call leaves one line and one observation, without what it carried", async () => {
  const lines: Record<string, unknown>[] = [];
  const logger: Logger = {
    error() {},
    warn() {},
    info() {},
    debug: (fields) => lines.push(fields as Record<string, unknown>),
    child: () => logger,
  };
  const ended: unknown[][] = [];
  const metrics: CallObserver = { ended: (...args) => ended.push(args), started: jest.fn() };
  const { edge, client } = await start({
    logger,
    metrics,
    operations: fakeOperations({ tasks: { getTask: async () => found } }),
  });
  await client.unary(getTask, { id: "the-payload" });
  await failure(client.unary(listTasks, {}, { headers: { authorization: "Bearer nonsense" } }));
  expect(ended).toEqual([
    ["tss.v1.TaskService/GetTask", 0, expect.any(Number)],
    ["tss.v1.TaskService/ListTasks", 16, expect.any(Number)],
  ]);
  expect(lines[0]).toEqual({
    method: "tss.v1.TaskService/GetTask",
    code: 0,
    ms: expect.any(Number),
    keyId: edge.key.slice(4, 16),
    requestId: expect.any(String),
  });
  expect(JSON.stringify(lines)).not.toMatch(/the-payload|nonsense/);
  expect(metrics.started).toHaveBeenCalledTimes(2);
});

test("bytes that are no message are INVALID_ARGUMENT", async () => {
  const { client } = await start();
  const garbage = [[0xff], [0x0a, 0x05, 1], [0x0a, 0x01, 0xff], [0x07], Array.from({ length: 5_000 }, () => 0x0b)];
  for (const raw of garbage) {
    const error = await failure(client.unary(getTask, {}, { raw: Uint8Array.from(raw) }));
    expect([error.code, statusOf(error).message]).toEqual([
      status.INVALID_ARGUMENT,
      "The request is not a valid tss.v1.GetTaskRequest message.",
    ]);
  }
});

test("a method that is not there is UNIMPLEMENTED", async () => {
  const { client } = await start();
  const path = { ...getTask, name: "Frobnicate", parent: getTask.parent } as typeof getTask;
  expect((await failure(client.unary(path, {}))).code).toBe(status.UNIMPLEMENTED);
});

test("the caller's deadline ends the call and its signal", async () => {
  const ended = Promise.withResolvers<void>();
  const waits = (_: unknown, __: unknown, signal: AbortSignal) =>
    new Promise<never>(() => signal.addEventListener("abort", () => ended.resolve()));
  const { client } = await start({ operations: fakeOperations({ tasks: { waitTask: waits } }) });
  const error = await failure(client.unary(waitTask, {}, { deadline: Date.now() + 50 }));
  expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  await ended.promise;
});

test("cancelling and losing the connection end the call's signal", async () => {
  for (const leave of ["cancel", "disconnect"] as const) {
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const waits = (_: unknown, __: unknown, signal: AbortSignal) => {
      began.resolve();
      return new Promise<never>(() => signal.addEventListener("abort", () => ended.resolve()));
    };
    const { edge, client } = await start({ operations: fakeOperations({ tasks: { waitTask: waits } }) });
    const call = client.unary(waitTask, {});
    const over = failure(call);
    await began.promise;
    if (leave === "cancel") call.cancel();
    else await edge.server.close();
    await over;
    await ended.promise;
  }
});

test("a call that is not answered ends at the server's own deadline; one that waits on purpose does not", async () => {
  const answer = Promise.withResolvers<void>();
  const operations = fakeOperations({
    tasks: {
      getTask: () => new Promise(() => {}),
      waitTask: async () => {
        await answer.promise;
        return create(WaitTaskResponseSchema, { ended: true });
      },
    },
  });
  const { client } = await start({ operations, limits: { unaryMs: 50 } });
  const waiting = client.unary(waitTask, {});
  const error = await failure(client.unary(getTask, {}));
  expect([error.code, error.details]).toEqual([status.DEADLINE_EXCEEDED, "The call was not answered within 0.05 s."]);
  answer.resolve();
  expect((await waiting).ended).toBe(true);
});

test("a message of 4 MiB passes, one byte more is refused, and so is an answer", async () => {
  const sizes: number[] = [];
  const operations = fakeOperations({
    tasks: {
      submitTasks: async (_, request) => {
        sizes.push(request.requestId.length);
        return [];
      },
      getTask: async () => create(GetTaskResponseSchema, { task: { name: "n".repeat(5 * 1024 * 1024) } }),
    },
  });
  const { client } = await start({ operations });
  const fits = 4 * 1024 * 1024 - 5;
  await client.unary(submitTasks, { requestId: "r".repeat(fits) });
  expect(sizes).toEqual([fits]);
  const over = await failure(client.unary(submitTasks, { requestId: "r".repeat(fits + 1) }));
  expect([over.code, statusOf(over).message]).toEqual([
    status.RESOURCE_EXHAUSTED,
    expect.stringMatching(/at most 4 MiB/),
  ]);
  const answer = await failure(client.unary(getTask, {}));
  expect([answer.code, answer.details]).toEqual([status.RESOURCE_EXHAUSTED, expect.stringMatching(/ask for less/)]);
});

test("a message that decompresses past 4 MiB is refused", async () => {
  const { edge } = await start();
  const client = new TestClient(edge.server.address, edge.key, undefined, { "grpc.default_compression_algorithm": 2 });
  open.push(client);
  const error = await failure(client.unary(submitTasks, { requestId: "r".repeat(64 * 1024 * 1024) }));
  expect([error.code, statusOf(error).message]).toEqual([
    status.RESOURCE_EXHAUSTED,
    expect.stringMatching(/also after decompression/),
  ]);
});
