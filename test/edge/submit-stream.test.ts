import { create, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "@jest/globals";
import type { SubmitAnswer, TaskOperations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import { RetryInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  SubmitStreamRequestSchema,
  type SubmitStreamResponse,
  TaskService,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { streamFailure, TestClient } from "../support/grpc-client.ts";
import { framed, RawGrpc } from "../support/raw-grpc.ts";

const { submitStream } = TaskService.method;
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function start(submitTasks: TaskOperations["submitTasks"], limits = {}) {
  const edge = await startEdge({ operations: fakeOperations({ tasks: { submitTasks } }), limits });
  open.push(edge);
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  return { edge, call: client.bidi(submitStream) };
}

const accepted = (id: string): SubmitAnswer[] => [{ id, duplicate: false }];

function take(call: { on(event: "data", listener: (answer: SubmitStreamResponse) => void): unknown }, count: number) {
  const answers: SubmitStreamResponse[] = [];
  return new Promise<SubmitStreamResponse[]>((resolve) =>
    call.on("data", (answer) => {
      answers.push(answer);
      if (answers.length === count) resolve(answers);
    }),
  );
}

test("messages are submitted as they come and answered in their order", async () => {
  const waiting: ((answers: SubmitAnswer[]) => void)[] = [];
  const all = Promise.withResolvers<void>();
  const { call } = await start((_, request) => {
    expect(request.tasks[0]?.bytes).toEqual(
      Buffer.from(toBinary(TaskSpecSchema, create(TaskSpecSchema, { name: "t" }))),
    );
    return new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 5) all.resolve();
    });
  });
  const answers = take(call, 5);
  for (let sequence = 1; sequence <= 5; sequence++) call.write({ sequence, request: { tasks: [{ name: "t" }] } });
  await all.promise;
  for (let n = 4; n >= 0; n--) waiting[n]?.(accepted(`id${n + 1}`));
  expect((await answers).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  expect((await answers)[4]?.answer).toMatchObject({
    case: "response",
    value: { results: [{ result: { value: "id5" } }] },
  });
  call.end();
  expect(await streamFailure(call)).toBeUndefined();
});

test("a message that is refused is answered with its error, and the stream goes on", async () => {
  let count = 0;
  const { call } = await start(async () => {
    count++;
    if (count === 1) throw new TssError("RESOURCE_EXHAUSTED", "The inbox is full.", { retryAfterMs: 250 });
    if (count === 2) throw new Error("secret");
    return accepted("ok");
  });
  const answers = take(call, 4);
  for (let sequence = 1; sequence <= 3; sequence++) call.write({ sequence, request: {} });
  call.write({ sequence: 4 });
  const [full, broken, good, empty] = (await answers).map(({ answer }) => answer);
  expect(full).toMatchObject({
    case: "error",
    value: { code: status.RESOURCE_EXHAUSTED, message: "The inbox is full." },
  });
  if (full?.case === "error")
    expect(anyUnpack(full.value.details[1]!, RetryInfoSchema)?.retryDelay?.nanos).toBe(250_000_000);
  expect(broken).toMatchObject({ case: "error", value: { code: status.INTERNAL } });
  expect(JSON.stringify(broken?.value, (_, value) => (typeof value === "bigint" ? "" : value))).not.toContain("secret");
  expect(good?.case).toBe("response");
  expect(empty).toMatchObject({ case: "error", value: { code: status.INVALID_ARGUMENT } });
  call.end();
  expect(await streamFailure(call)).toBeUndefined();
});

test("past its bound of bytes in work a stream is not read, and goes on when they are answered", async () => {
  const waiting: ((answers: SubmitAnswer[]) => void)[] = [];
  let arrived = () => {};
  const { edge } = await start(
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        arrived();
      }),
    { streamInboxBytes: 300_000 },
  );
  const client = new RawGrpc(edge.server.address, edge.key);
  open.push(client);
  const call = client.call("/tss.v1.TaskService/SubmitStream");
  const message = create(SubmitStreamRequestSchema, {
    request: { tasks: [{ name: "n", command: "x".repeat(100_000) }] },
  });
  for (let n = 0; n < 20; n++) call.write(framed(toBinary(SubmitStreamRequestSchema, message)));
  const next = () =>
    new Promise<void>((resolve) => {
      arrived = resolve;
    });
  while (waiting.length < 3) await next();
  for (let n = 0; n < 300; n++) await new Promise(setImmediate);
  expect(waiting.length).toBe(3);
  call.resume();
  for (let n = 0; n < 20; n++) {
    while (waiting[n] === undefined) await next();
    waiting[n]?.(accepted("x"));
  }
  expect(waiting).toHaveLength(20);
});

test("small messages count too, and a large unary call is none of them", async () => {
  let running = 0;
  const enough = Promise.withResolvers<void>();
  const { edge } = await start(
    (_, { requestId }) => {
      if (requestId !== "") return Promise.resolve(accepted("x"));
      if (++running === 49) enough.resolve();
      return new Promise(() => {});
    },
    { streamInboxBytes: 50_000 },
  );
  const raw = new RawGrpc(edge.server.address, edge.key);
  open.push(raw);
  const call = raw.call("/tss.v1.TaskService/SubmitStream");
  const message = framed(toBinary(SubmitStreamRequestSchema, create(SubmitStreamRequestSchema, { request: {} })));
  call.write(Buffer.concat(Array.from({ length: 5_000 }, () => message)));
  await enough.promise;
  for (let n = 0; n < 100; n++) await new Promise(setImmediate);
  expect(running).toBe(49);
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  const answer = await client.unary(TaskService.method.submitTasks, { requestId: "r".repeat(200_000) });
  expect(answer.results).toHaveLength(1);
});

test("a client that ends still gets every answer", async () => {
  const { call } = await start(async () => accepted("x"));
  const answers = take(call, 100);
  for (let sequence = 1; sequence <= 100; sequence++) call.write({ sequence, request: {} });
  call.end();
  expect((await answers).at(-1)?.sequence).toBe(100);
  expect(await streamFailure(call)).toBeUndefined();
});
