import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "@jest/globals";
import type { LeaseGrant, WorkerMessage, WorkStream } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { WorkerService, WorkRequestSchema, type WorkResponse } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, statusOf, streamFailure, TestClient } from "../support/grpc-client.ts";
import { framed, RawGrpc, rawStatus } from "../support/raw-grpc.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const { work } = WorkerService.method;
const HELLO = { hello: { worker: { name: "w" }, credit: 1 } };
const spec = (bytes: number) => toBinary(TaskSpecSchema, create(TaskSpecSchema, { command: "x".repeat(bytes) }));
const lease = (id: string, bytes = 10): LeaseGrant => ({
  id,
  token: 2 ** 52,
  attempt: 1,
  maxAttempts: 1,
  spec: spec(bytes),
  timeoutMs: 0,
  createdAt: 1,
});

interface Session {
  readonly edge: EdgeUnderTest;
  readonly received: WorkerMessage[];
  readonly stream: Promise<WorkStream>;
  readonly closed: Promise<void>;
  /** Resolves when the next message was received. */
  next(): Promise<WorkerMessage>;
}

async function session(options: Parameters<typeof startEdge>[0] = {}): Promise<Session> {
  const received: WorkerMessage[] = [];
  const waiting: ((message: WorkerMessage) => void)[] = [];
  const attached = Promise.withResolvers<WorkStream>();
  const closed = Promise.withResolvers<void>();
  const operations = fakeOperations({
    workers: {
      attach(_caller, _first, stream) {
        attached.resolve(stream);
        return {
          receive(message) {
            received.push(message);
            waiting.shift()?.(message);
          },
          closed: closed.resolve,
        };
      },
    },
  });
  const edge = await startEdge({ operations, ...options });
  open.push(edge);
  const next = () => new Promise<WorkerMessage>((resolve) => waiting.push(resolve));
  return { edge, received, stream: attached.promise, closed: closed.promise, next };
}

function worker({ server, key }: EdgeUnderTest, options = {}) {
  const client = new TestClient(server.address, key, undefined, options);
  open.push(client);
  return client.bidi(work);
}

const response = (call: ReturnType<typeof worker>) =>
  new Promise<WorkResponse>((resolve) => call.once("data", resolve));

test("the first message attaches, later ones are received, what is sent arrives", async () => {
  const { edge, stream, next } = await session();
  const call = worker(edge);
  call.write(HELLO);
  const answer = response(call);
  expect((await stream).send({ leases: [lease("a")], cancels: [{ id: "b", token: 3, reason: 21 }] })).toBe(true);
  expect((await answer).leases[0]).toMatchObject({
    id: "a",
    fencingToken: 2n ** 52n,
    spec: { command: "x".repeat(10) },
  });
  const received = next();
  call.write({ credit: 5 });
  expect((await received).credit).toBe(5);
  call.end();
  expect(await streamFailure(call)).toBeUndefined();
});

test("what is sent in one turn arrives as one message", async () => {
  const { edge, stream } = await session();
  const call = worker(edge);
  call.write(HELLO);
  const answer = response(call);
  const answers = await stream;
  for (let n = 0; n < 150; n++) answers.send({ leases: [lease(`t${n}`)] });
  answers.send({ outcomeAcks: [{ id: "o", token: 1, accepted: true }] });
  answers.send({ drain: true });
  const { leases, outcomeAcks, drain } = await answer;
  expect([leases.length, outcomeAcks.length, drain]).toEqual([150, 1, true]);
});

test("a message has at most 200 leases and less than 4 MiB", async () => {
  const { edge, stream } = await session();
  const call = worker(edge);
  const sizes: number[] = [];
  const leases: number[] = [];
  const all = new Promise<void>((resolve) =>
    call.on("data", (message: WorkResponse) => {
      leases.push(message.leases.length);
      sizes.push(message.leases.reduce((sum, { spec }) => sum + (spec?.command.length ?? 0), 0));
      if (leases.reduce((a, b) => a + b) === 470) resolve();
    }),
  );
  call.write(HELLO);
  const answers = await stream;
  answers.send({ leases: Array.from({ length: 450 }, (_, n) => lease(`s${n}`)) });
  for (let n = 0; n < 20; n++) answers.send({ leases: [lease(`l${n}`, 500_000)] });
  await all;
  expect(Math.max(...leases)).toBe(200);
  expect(Math.max(...sizes)).toBeLessThan(4 * 1024 * 1024);
  expect(leases.length).toBeLessThanOrEqual(7);
});

/** A worker that has said hello and reads nothing until the test does. */
function deafWorker({ server, key }: EdgeUnderTest) {
  const client = new RawGrpc(server.address, key);
  open.push(client);
  const call = client.call("/tss.v1.WorkerService/Work");
  call.write(framed(toBinary(WorkRequestSchema, create(WorkRequestSchema, HELLO))));
  return call;
}

const turn = () => new Promise(setImmediate);

async function fill(answers: WorkStream): Promise<number> {
  let sent = 0;
  do {
    await turn();
    sent++;
  } while (answers.send({ leases: [lease(`n${sent}`, 100_000)] }));
  return sent;
}

test("a slow reader makes send say false, holds no more than its bound, and drains when it reads", async () => {
  const { edge, stream } = await session();
  const call = deafWorker(edge);
  const answers = await stream;
  expect(await fill(answers)).toBeLessThan(10);
  const drained = new Promise<void>((resolve) => answers.onDrained(resolve));
  call.resume();
  await drained;
  await turn();
  expect(answers.send({ leases: [lease("after")] })).toBe(true);
});

test("a worker that never reads is let go before its answers fill the memory", async () => {
  const { edge, stream, closed } = await session({ limits: { streamOutboxMaxBytes: 1024 * 1024 } });
  const call = deafWorker(edge);
  const answers = await stream;
  for (let n = 0; n < 200; n++) answers.send({ leases: [lease(`n${n}`, 100_000)] });
  await closed;
  expect(await rawStatus(call)).toBe(status.RESOURCE_EXHAUSTED);
});

test("a worker that sends and does not read is not read either, and goes on when it reads", async () => {
  const { edge, stream, received, next } = await session({ limits: { streamInboxBytes: 64 * 1024 } });
  const call = deafWorker(edge);
  await fill(await stream);
  const logs = [{ id: "t", data: new Uint8Array(60_000) }];
  const message = framed(toBinary(WorkRequestSchema, create(WorkRequestSchema, { logs })));
  const first = next();
  for (let n = 0; n < 50; n++) call.write(message);
  await first;
  for (let n = 0; n < 200; n++) await turn();
  expect(received.length).toBeLessThan(5);
  call.resume();
  while (received.length < 50) await next();
});

test("ending in good order sends what was queued; ending with an error gives its status after it", async () => {
  for (const error of [undefined, new TssError("ABORTED", "Another worker took the session.")]) {
    const { edge, stream, closed } = await session();
    const call = worker(edge);
    const answer = response(call);
    call.write(HELLO);
    const answers = await stream;
    answers.send({ leases: [lease("last")] });
    answers.end(error);
    expect((await answer).leases[0]?.id).toBe("last");
    const over = await streamFailure(call);
    expect(over?.code).toBe(error && status.ABORTED);
    if (over) expect(statusOf(over).message).toBe("Another worker took the session.");
    await closed;
    expect(answers.send({ drain: true })).toBe(false);
  }
});

test("a stream without hello is refused, whether it says something else, ends, or is silent", async () => {
  const { edge } = await session({ limits: { helloMs: 50 } });
  for (const begin of ["credit", "end", "nothing"]) {
    const call = worker(edge);
    if (begin === "credit") call.write({ credit: 1 });
    if (begin === "end") call.end();
    const error = await streamFailure(call);
    expect([error?.code, error?.details]).toEqual([status.INVALID_ARGUMENT, expect.stringMatching(/carry `hello`/)]);
  }
});

test("an attach that is refused, and garbage later, end only their own stream", async () => {
  const refuses = fakeOperations({
    workers: {
      attach() {
        throw new TssError("FAILED_PRECONDITION", "No more workers here.");
      },
    },
  });
  const { edge } = await session({ operations: refuses });
  const refused = worker(edge);
  refused.write(HELLO);
  expect((await streamFailure(refused))?.code).toBe(status.FAILED_PRECONDITION);

  const good = await session();
  const call = worker(good.edge);
  call.write(HELLO);
  await good.stream;
  call.write(Uint8Array.from([0xff, 0xff]));
  expect((await streamFailure(call))?.code).toBe(status.INVALID_ARGUMENT);
  await good.closed;
});

test("the session hears when its connection is gone", async () => {
  const { edge, stream, closed } = await session();
  const client = new TestClient(edge.server.address, edge.key);
  const call = client.bidi(work);
  const over = streamFailure(call);
  call.write(HELLO);
  await stream;
  call.cancel();
  await closed;
  await over;
  client.close();
});

test("a key that is revoked or expires ends its open stream with UNAUTHENTICATED", async () => {
  for (const end of ["revoked", "expired"] as const) {
    const { edge, stream, closed } = await session({ pollMs: 20 });
    const call = worker(edge);
    call.write(HELLO);
    await stream;
    const over = streamFailure(call);
    const id = edge.key.slice(4, 16);
    if (end === "revoked") await edge.catalog.revokeApiKey(id, Date.now());
    else {
      edge.catalog.rows = edge.catalog.rows.map((row) =>
        row.id === id ? { ...row, expiresAt: Date.now() + 100 } : row,
      );
      await edge.ring.reload();
    }
    const error = await over;
    expect([error?.code, error?.details]).toEqual([status.UNAUTHENTICATED, expect.stringMatching(end)]);
    await closed;
  }
});

test("LeaseTasks answers in bytes written by hand", async () => {
  const operations = fakeOperations({
    workers: { leaseTasks: async () => ({ sessionId: "w_1", nextMs: 5_000, leases: [lease("a")] }) },
  });
  const { edge } = await session({ operations });
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  const answer = await client.unary(WorkerService.method.leaseTasks, {});
  expect(answer).toMatchObject({ sessionId: "w_1", next: { seconds: 5n }, leases: [{ id: "a" }] });
  expect((await failure(client.unary(WorkerService.method.reportTasks, {}))).code).toBe(status.INTERNAL);
});
