import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "@jest/globals";
import type { WorkStream } from "../../coordinator/operations/operations.ts";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.js";
import { GetTaskResponseSchema, TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, streamFailure, TestClient } from "../support/grpc-client.ts";
import { RawGrpc } from "../support/raw-grpc.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function start(options: Parameters<typeof startEdge>[0]) {
  const edge = await startEdge(options);
  open.push(edge);
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  return { edge, client };
}

test("a drain tells health and the engine, lets calls finish, and takes no new connection", async () => {
  const began = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const told: string[] = [];
  const operations = fakeOperations({
    tasks: {
      async getTask() {
        began.resolve();
        await answer.promise;
        return create(GetTaskResponseSchema, { task: { id: "t" } });
      },
    },
  });
  const { edge, client } = await start({ operations, onDrain: () => told.push("drain") });
  const watch = client.serverStream(Health.method.watch, {});
  const states: number[] = [];
  watch.on("data", ({ status }) => states.push(status));
  await new Promise((resolve) => watch.once("data", resolve));
  const call = client.unary(TaskService.method.getTask, {});
  await began.promise;
  const drained = edge.server.drain(20_000);
  expect(told).toEqual(["drain"]);
  const late = new TestClient(edge.server.address, edge.key);
  expect((await failure(late.unary(TaskService.method.getTask, {}))).code).toBe(status.UNAVAILABLE);
  late.close();
  answer.resolve();
  expect((await call).task?.id).toBe("t");
  await drained;
  expect(states).toEqual([1, 2]);
});

test("a drain with an open Work stream ends in time, its worker told UNAVAILABLE", async () => {
  const attached = Promise.withResolvers<WorkStream>();
  const closed = Promise.withResolvers<void>();
  const operations = fakeOperations({
    workers: {
      attach(_, __, stream) {
        attached.resolve(stream);
        return { receive() {}, closed: closed.resolve };
      },
    },
  });
  const { edge, client } = await start({ operations });
  const call = client.bidi(WorkerService.method.work);
  call.write({ hello: {} });
  const stream = await attached.promise;
  const over = streamFailure(call);
  const drained = edge.server.drain(100);
  stream.send({ drain: true });
  await drained;
  expect((await over)?.code).toBe(status.UNAVAILABLE);
  await closed.promise;
});

test("a worker that leaves by itself ends the drain early", async () => {
  const attached = Promise.withResolvers<WorkStream>();
  const operations = fakeOperations({
    workers: {
      attach(_, __, stream) {
        attached.resolve(stream);
        return { receive() {}, closed() {} };
      },
    },
  });
  const { edge, client } = await start({
    operations,
    onDrain: () => void attached.promise.then((stream) => stream.send({ drain: true })),
  });
  const call = client.bidi(WorkerService.method.work);
  call.on("data", ({ drain }) => drain && call.end());
  call.write({ hello: {} });
  await attached.promise;
  const over = streamFailure(call);
  await edge.server.drain(2 ** 30);
  expect(await over).toBeUndefined();
});

test("calls that can go on elsewhere are told so at once; submits that were taken are answered first", async () => {
  const answer = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  let running = 0;
  const runs = () => ++running === 3 && began.resolve();
  const forever = (_: unknown, __: unknown, signal: AbortSignal) => {
    runs();
    return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const operations = fakeOperations({
    tasks: {
      waitTask: forever,
      async *watchTasks(caller, request, signal) {
        yield await forever(caller, request, signal);
      },
      async submitTasks() {
        runs();
        await answer.promise;
        return [];
      },
    },
  });
  const { edge, client } = await start({ operations });
  const wait = failure(client.unary(TaskService.method.waitTask, {}));
  const watch = streamFailure(client.serverStream(TaskService.method.watchTasks, {}));
  const submit = client.bidi(TaskService.method.submitStream);
  const answers: number[] = [];
  submit.on("data", ({ sequence }) => answers.push(sequence));
  const submitted = streamFailure(submit);
  submit.write({ sequence: 1, request: {} });
  await began.promise;
  const drained = edge.server.drain(2 ** 30);
  expect((await wait).code).toBe(status.UNAVAILABLE);
  expect((await watch)?.code).toBe(status.UNAVAILABLE);
  answer.resolve();
  expect((await submitted)?.code).toBe(status.UNAVAILABLE);
  expect(answers).toEqual([1]);
  await drained;
});

test("a peer that neither reads nor leaves does not hold up the end", async () => {
  const attached = Promise.withResolvers<void>();
  const operations = fakeOperations({
    tasks: {
      async *tailLogs() {
        attached.resolve();
        for (;;) yield { data: new Uint8Array(60_000) } as never;
      },
    },
  });
  const { edge } = await start({ operations });
  const deaf = new RawGrpc(edge.server.address, edge.key);
  open.push(deaf);
  const call = deaf.call("/tss.v1.TaskService/TailLogs");
  call.end(Buffer.alloc(5));
  await attached.promise;
  const gone = new Promise((resolve) => deaf.session.once("close", resolve));
  await edge.server.drain(50);
  await gone;
});

test("close is safe twice, and after a drain", async () => {
  const { edge } = await start({});
  await edge.server.drain(1_000);
  await edge.server.close();
  await edge.server.close();
});
