import { constants, type Settings } from "node:http2";
import { connect, createServer, type Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "@jest/globals";
import fc from "fast-check";
import { EDGE_LIMITS } from "../../coordinator/api/edge-limits.ts";
import { shortenTimeout } from "../../coordinator/api/long-timeouts.ts";
import { GetTaskResponseSchema, TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { TestClient } from "../support/grpc-client.ts";
import { RawGrpc, rawStatus } from "../support/raw-grpc.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NO_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const answers = fakeOperations({
  tasks: { getTask: async () => create(GetTaskResponseSchema, { task: { id: "t" } }) },
});

async function start(options: Parameters<typeof startEdge>[0] = {}): Promise<EdgeUnderTest> {
  const edge = await startEdge({ operations: answers, ...options });
  open.push(edge);
  return edge;
}

async function stillServes(edge: EdgeUnderTest): Promise<void> {
  const client = new TestClient(edge.server.address, edge.key);
  expect((await client.unary(TaskService.method.getTask, {})).task?.id).toBe("t");
  client.close();
}

function tcp(edge: EdgeUnderTest): Socket {
  const socket = connect(edge.server.port, "127.0.0.1");
  socket.on("error", () => {});
  open.push({ close: () => socket.destroy() });
  return socket;
}

function gone(socket: Socket): Promise<unknown> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", resolve));
}

test("the bounds of the contract are the defaults", () => {
  expect(EDGE_LIMITS).toMatchObject({
    messageBytes: 4 * 1024 * 1024,
    streamsPerConnection: 1_000,
    keepaliveMs: 20_000,
    keepaliveTimeoutMs: 10_000,
    unaryMs: 30_000,
  });
});

test("a connection runs 1000 calls at a time and not one more; where one ended another may begin", async () => {
  const began = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const another = Promise.withResolvers<void>();
  let running = 0;
  const operations = fakeOperations({
    tasks: {
      waitTask: (_, __, signal) => {
        running++;
        if (running === LIMITS.streamsPerConnection) began.resolve();
        if (running > LIMITS.streamsPerConnection) another.resolve();
        signal.addEventListener("abort", () => ended.resolve());
        return new Promise(() => {});
      },
    },
  });
  const edge = await start({ operations });
  const raw = new RawGrpc(edge.server.address, edge.key);
  open.push(raw);
  const { maxConcurrentStreams } = await new Promise<Settings>((resolve) =>
    raw.session.once("remoteSettings", resolve),
  );
  expect(maxConcurrentStreams).toBe(1_000);
  const call = () => raw.call("/tss.v1.TaskService/WaitTask").end(Buffer.alloc(5));
  const [first, ...others] = Array.from({ length: 1_001 }, call);
  await began.promise;
  for (let n = 0; n < 100; n++) await new Promise(setImmediate);
  expect(running).toBe(1_000);
  others.at(-1)?.close();
  first?.close(constants.NGHTTP2_CANCEL);
  await ended.promise;
  await new Promise((resolve) => raw.session.ping(resolve));
  call();
  await another.promise;
});

test("a connection that says nothing, or half a hello, is dropped", async () => {
  const edge = await start({ limits: { handshakeMs: 1_000 } });
  const silent = tcp(edge);
  await gone(silent);
  const half = tcp(edge);
  half.write("PRI * HTTP/2.0\r\n");
  await gone(half);
  await stillServes(edge);
});

test("a peer that answers no ping is gone, though its connection stands", async () => {
  const edge = await start({ limits: { keepaliveMs: 30, keepaliveTimeoutMs: 30 } });
  const frozen = tcp(edge);
  frozen.write(Buffer.concat([Buffer.from(PREFACE), NO_SETTINGS]));
  await gone(frozen);
});

test("garbage on the port harms nobody", async () => {
  const edge = await start();
  const frame = fc
    .tuple(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 12 }), fc.nat({ max: 255 }), fc.nat({ max: 5 }))
    .map(([body, type, flags, stream]) => Buffer.from([0, 0, body.length, type, flags, 0, 0, 0, stream, ...body]));
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(frame, { maxLength: 8 }),
      fc.uint8Array(),
      async (polite, frames, noise) => {
        const socket = tcp(edge);
        if (polite) socket.write(Buffer.concat([Buffer.from(PREFACE), NO_SETTINGS, ...frames]));
        socket.end(noise);
        socket.resume();
        await gone(socket);
      },
    ),
    { numRuns: 60 },
  );
  await stillServes(edge);
});

test("odd headers harm nobody", async () => {
  const edge = await start();
  const raw = new RawGrpc(edge.server.address, edge.key);
  open.push(raw);
  const path = "/tss.v1.TaskService/GetTask";
  const odd: [string, Record<string, string>][] = [
    ["/tss.v1.TaskService/\u00ff\u0080", {}],
    [`/${"x".repeat(8_000)}`, {}],
    ["/", {}],
    [path, { "content-type": "text/html" }],
    [path, { "grpc-timeout": "soon" }],
    [path, { "grpc-timeout": "99999999H" }],
    [path, { "grpc-encoding": "nonsense" }],
    [path, { "x-request-id": "\u00e9".repeat(500) }],
    [path, { "x-odd-bin": "%%%" }],
    [path, { authorization: "\u00ff" }],
  ];
  for (const [to, headers] of odd) {
    const call = raw.call(to, headers);
    call.end(Buffer.alloc(5));
    await rawStatus(call);
  }
  const badTimeout = raw.call(path, { "grpc-timeout": "soon" });
  expect(await rawStatus(badTimeout)).toBe(status.INVALID_ARGUMENT);
  await stillServes(edge);
});

test("a deadline of weeks and more is one of three weeks, not one that has passed", async () => {
  const operations = fakeOperations({ tasks: { waitTask: () => new Promise(() => {}) } });
  const edge = await start({ operations });
  const raw = new RawGrpc(edge.server.address, edge.key);
  open.push(raw);
  const waiting = (timeout: string) =>
    raw.call("/tss.v1.TaskService/WaitTask", { "grpc-timeout": timeout }).end(Buffer.alloc(5));
  const long = ["600H", "700H", "36000M", "2200000S"].map(waiting);
  expect(await rawStatus(waiting("50m"))).toBe(status.DEADLINE_EXCEEDED);
  // A wrong deadline would have ended its call before the one that is right.
  expect(long.map(({ closed }) => closed)).toEqual([false, false, false, false]);
  expect(shortened("99999999H")).toBe("500H");
  expect(shortened("36000M")).toBe("30000M");
  expect(shortened("500H")).toBe("500H");
  expect(shortened("99999999m")).toBe("99999999m");
});

function shortened(timeout: string): string | undefined {
  const headers: Record<string, string> = { "grpc-timeout": timeout };
  shortenTimeout(headers);
  return headers["grpc-timeout"];
}

test("a call that is refused before its message holds no stream open", async () => {
  const edge = await start({ limits: { lingerMs: 20 } });
  const raw = new RawGrpc(edge.server.address, "tss_wrong");
  open.push(raw);
  const call = raw.call("/tss.v1.TaskService/SubmitTasks");
  call.write(Buffer.from([0, 0, 0x10, 0, 0, 1, 2, 3]));
  expect(await rawStatus(call)).toBe(status.UNAUTHENTICATED);
  await new Promise<void>((resolve) => (call.closed ? resolve() : call.once("close", () => resolve())));
});

test("a flood of pings ends its connection with ENHANCE_YOUR_CALM", async () => {
  const edge = await start();
  const raw = new RawGrpc(edge.server.address, edge.key);
  open.push(raw);
  const goaway = new Promise<[number, unknown]>((resolve) =>
    raw.session.once("goaway", (code, _last, data) => resolve([code, String(data)])),
  );
  await new Promise((resolve) => raw.session.once("connect", resolve));
  for (let n = 0; n < 8; n++) raw.session.ping(() => {});
  expect(await goaway).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings"]);
  await stillServes(edge);
});

test("pings between messages, or at the allowed pace, are no flood", async () => {
  const edge = await start({ limits: { pingIntervalMs: 0 } });
  const ping = (raw: RawGrpc) => new Promise((resolve) => raw.session.ping(resolve));
  const paced = new RawGrpc(edge.server.address, edge.key);
  open.push(paced);
  await new Promise((resolve) => paced.session.once("connect", resolve));
  for (let n = 0; n < 20; n++) await ping(paced);
  const strict = await start();
  const busy = new RawGrpc(strict.server.address, strict.key);
  open.push(busy);
  for (let n = 0; n < 20; n++) {
    const call = busy.call("/tss.v1.TaskService/GetTask");
    call.end(Buffer.alloc(5));
    expect(await rawStatus(call)).toBe(status.OK);
    await ping(busy);
  }
});

test("connections past the cap are refused, and those of one address without a key before", async () => {
  const counts: number[] = [];
  const edge = await start({ limits: { connections: 3 }, metrics: { connections: (count) => counts.push(count) } });
  const taken = [tcp(edge), tcp(edge), tcp(edge)];
  await Promise.all(taken.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
  await gone(tcp(edge));
  expect(Math.max(...counts)).toBe(3);

  const strict = await start({ limits: { unprovenPerAddress: 2 } });
  for (let n = 0; n < 4; n++) {
    const raw = new RawGrpc(strict.server.address, strict.key);
    open.push(raw);
    const call = raw.call("/tss.v1.TaskService/GetTask");
    call.end(Buffer.alloc(5));
    expect(await rawStatus(call)).toBe(status.OK);
  }
  const strangers = [tcp(strict), tcp(strict)];
  await Promise.all(strangers.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
  await gone(tcp(strict));
  const left = gone(strangers[0]!);
  strangers[0]?.destroy();
  await left;
});

test("a port that is taken is told with who has it", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  open.push({ close: () => new Promise((resolve) => other.close(resolve)) });
  const { port } = other.address() as { port: number };
  const who = process.platform === "linux" ? `\\(pid ${process.pid}\\)` : "another program";
  await expect(startEdge({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    reason: "EADDRINUSE",
    message: expect.stringMatching(new RegExp(`cannot listen on 127.0.0.1:${port}: it is taken by .*${who}`)),
  });
});

test.each([
  ["192.0.2.1:7400", /no such address/],
  ["nonsense", /write host:port/],
  ["127.0.0.1:70000", /write host:port/],
])("an address that cannot be used (%s) is told", async (listen, sentence) => {
  await expect(startEdge({ listen })).rejects.toThrow(sentence);
});

test("it listens on IPv6 and says so", async () => {
  const edge = await start({ listen: "[::1]:0" });
  expect(edge.server.address).toBe(`[::1]:${edge.server.port}`);
  await stillServes(edge);
});
