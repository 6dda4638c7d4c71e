import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, expect, test } from "@jest/globals";
import { TssError } from "../../proto/errors.ts";
import { WelcomeSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WORKER_PROTOCOL } from "../../proto/worker-protocol.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { playedStream } from "../support/played-stream.ts";
import { ROOT } from "../support/run-tss.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("a worker says what it speaks, and leaves a coordinator that goes on with another version", async () => {
  const stream = playedStream();
  const connection = { bytes: () => stream.call } as unknown as Connection;
  const heard = Promise.withResolvers<{ error: TssError; final: boolean }>();
  const session = workSessions(connection, { onDisconnected: (error, final) => heard.resolve({ error, final }) })({
    worker: { name: "w" },
    held: () => [],
    events: {
      onConnected: () => heard.reject(new Error("it goes on")),
      onLease() {},
      onCancel() {},
      onLogAck() {},
      onOutcomeAck() {},
      onDrain() {},
    },
  });
  closers.push(() => session.close());
  stream.tell({ welcome: { sessionId: "w_1", serverVersion: "9.1.0", protocol: 999 } });
  expect(await heard.promise).toMatchObject({
    final: true,
    error: {
      code: "FAILED_PRECONDITION",
      reason: "VERSION_TOO_OLD",
      message:
        "The coordinator (version 9.1.0) goes on with 999 of the worker protocol, and this worker speaks version 1: use releases that are nearer to each other.",
    },
  });
  expect(stream.written[0]?.hello?.worker).toMatchObject({
    protocol: WORKER_PROTOCOL.newest,
    oldestProtocol: WORKER_PROTOCOL.oldest,
  });
});

test("one of several coordinators that refuses its version does not end a worker that another greets; the last does", async () => {
  const first = await startEdge({ operations: refusing() });
  let greets = true;
  const streams: { end(error?: Error): void }[] = [];
  const second = await startEdge({
    keys: first.ring,
    operations: fakeOperations({
      workers: {
        attach(_caller, _message, stream) {
          streams.push(stream);
          if (greets) stream.send({ welcome: create(WelcomeSchema, { sessionId: "w_1" }) });
          else stream.end(tooOld());
          return { receive() {}, closed() {} };
        },
      },
    }),
  });
  const edges: readonly EdgeUnderTest[] = [first, second];
  closers.push(...edges.map((edge) => () => edge.close()));
  const refused = Promise.withResolvers<TssError>();
  const news: (readonly [string, boolean])[] = [];
  const worker = createWorker({
    address: edges.map(({ server }) => server.address).join(","),
    apiKey: first.key,
    handlers: [taskType("x").handler(() => {})],
    onDisconnected(error, final) {
      news.push([error.reason, final]);
      if (final) refused.resolve(error);
    },
  });
  closers.push(() => worker.close(0));
  await worker.ready;
  expect(news.filter(([, final]) => final)).toEqual([]);
  greets = false;
  for (const stream of streams) stream.end();
  expect(await refused.promise).toMatchObject({ reason: "VERSION_TOO_OLD" });
});

function tooOld() {
  return new TssError("FAILED_PRECONDITION", "It is too old.", { reason: "VERSION_TOO_OLD" });
}

function refusing() {
  return fakeOperations({
    workers: {
      attach(_caller, _message, stream) {
        stream.end(tooOld());
        return { receive() {}, closed() {} };
      },
    },
  });
}

test("the SDKs of other languages speak the same version", () => {
  const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
  expect(/^PROTOCOL = (\d+)$/m.exec(read("sdk/python/tss/_worker/session.py"))?.[1]).toBe(
    String(WORKER_PROTOCOL.newest),
  );
  expect(/^const workerProtocol = (\d+)$/m.exec(read("sdk/go/protocol.go"))?.[1]).toBe(String(WORKER_PROTOCOL.newest));
});
