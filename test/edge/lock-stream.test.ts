import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "@jest/globals";
import type { LockOperations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import type { Status } from "../../proto/gen/google/rpc/status_pb.js";
import {
  AcquireLockResponseSchema,
  type LockAnswer,
  LockService,
  type LockStreamRequestSchema,
  type LockStreamResponse,
  ReleaseLockResponseSchema,
  RenewLockResponseSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { streamFailure, TestClient } from "../support/grpc-client.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function start(locks: Partial<LockOperations>) {
  const edge = await startEdge({ operations: fakeOperations({ locks }) });
  open.push(edge);
  const client = new TestClient(edge.server.address, edge.key);
  open.push(client);
  const call = client.bidi(LockService.method.lockStream);
  return { edge, call, reader: new Reader(call) };
}

/** What a stream has answered, message by message. */
class Reader {
  readonly messages: LockStreamResponse[] = [];
  private heard = () => {};

  constructor(call: { on(event: "data", listener: (message: LockStreamResponse) => void): unknown }) {
    call.on("data", (message) => {
      this.messages.push(message);
      this.heard();
    });
  }

  get answers(): LockAnswer[] {
    return this.messages.flatMap(({ answers }) => answers);
  }

  /** The answers, once there are so many. */
  async take(count: number): Promise<LockAnswer[]> {
    while (this.answers.length < count)
      await new Promise<void>((resolve) => {
        this.heard = resolve;
      });
    return this.answers;
  }
}

type Calls = MessageInitShape<typeof LockStreamRequestSchema>["calls"];
const acquire = (id: number, name: string): NonNullable<Calls>[number] => ({
  id,
  call: { case: "acquire", value: { name } },
});
const renew = (id: number, name: string): NonNullable<Calls>[number] => ({
  id,
  call: { case: "renew", value: { name } },
});
const release = (id: number, name: string): NonNullable<Calls>[number] => ({
  id,
  call: { case: "release", value: { name } },
});
const granted = (token: bigint) => create(AcquireLockResponseSchema, { acquired: true, token });
const NOT_GRANTED = create(AcquireLockResponseSchema, { acquired: false });

/** An acquire that waits until its caller has gone, as the engine's does. */
const inLine = (signal: AbortSignal) =>
  new Promise<typeof NOT_GRANTED>((resolve) => signal.addEventListener("abort", () => resolve(NOT_GRANTED)));

test("calls pass one that waits in line, and what one commit answers is one message", async () => {
  const commit = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  let carried = 0;
  const after = async <T>(answer: T) => {
    if (++carried === 3) all.resolve();
    await commit.promise;
    return answer;
  };
  const { call, reader } = await start({
    acquireLock: (_, { name }, signal) => (name === "busy" ? inLine(signal) : after(granted(7n))),
    renewLock: () => after(create(RenewLockResponseSchema)),
    releaseLock: () => after(create(ReleaseLockResponseSchema, { changed: true })),
  });
  call.write({ calls: [acquire(1, "busy"), acquire(2, "free")] });
  call.write({ calls: [renew(3, "a"), release(4, "b")] });
  await all.promise;
  commit.resolve();
  expect((await reader.take(3)).map(({ id, answer }) => [id, answer.case])).toEqual([
    [2, "acquired"],
    [3, "renewed"],
    [4, "released"],
  ]);
  expect(reader.messages).toHaveLength(1);
  expect(reader.answers[0]?.answer.value).toMatchObject({ acquired: true, token: 7n });
  call.cancel();
  await streamFailure(call);
});

test("a call that is refused or empty is answered with its error, and the stream goes on; faults tell no secret", async () => {
  const { call, reader } = await start({
    acquireLock: async () => granted(1n),
    renewLock: async (_, { name }) => {
      if (name === "fault") throw new Error("secret");
      throw new TssError("FAILED_PRECONDITION", "The lock is not held.", { reason: "LOCK_NOT_HELD" });
    },
  });
  call.write({ calls: [renew(1, "a"), renew(2, "fault"), { id: 3 }, acquire(4, "a")] });
  const answers = new Map((await reader.take(4)).map(({ id, answer }) => [id, answer]));
  expect(answers.get(1)).toMatchObject({
    case: "error",
    value: { code: status.FAILED_PRECONDITION, message: "The lock is not held." },
  });
  expect(answers.get(2)).toMatchObject({ case: "error", value: { code: status.INTERNAL } });
  expect((answers.get(2) as { value: Status }).value.message).not.toContain("secret");
  expect(answers.get(3)).toMatchObject({ case: "error", value: { code: status.INVALID_ARGUMENT } });
  expect(answers.get(4)?.case).toBe("acquired");
  call.end();
  expect(await streamFailure(call)).toBeUndefined();
});

test("an acquire that is given up leaves the line and is not answered; so do all when the client has gone", async () => {
  const waiting = new Map<string, AbortSignal>();
  const arrived = Promise.withResolvers<void>();
  const { call, reader } = await start({
    acquireLock: (_, { name }, signal) => {
      waiting.set(name, signal);
      if (waiting.size === 2) arrived.resolve();
      return inLine(signal);
    },
    releaseLock: async () => create(ReleaseLockResponseSchema),
  });
  call.write({ calls: [acquire(1, "a"), acquire(2, "b")] });
  await arrived.promise;
  call.write({
    calls: [
      { id: 1, call: { case: "giveUp", value: true } },
      { id: 9, call: { case: "giveUp", value: true } },
    ],
  });
  call.write({ calls: [release(3, "c")] });
  expect((await reader.take(1)).map(({ id }) => id)).toEqual([3]);
  expect([waiting.get("a")?.aborted, waiting.get("b")?.aborted]).toEqual([true, false]);
  // Its id is free again.
  call.write({ calls: [release(1, "c")] });
  expect((await reader.take(2)).map(({ id }) => id)).toEqual([3, 1]);
  const gone = new Promise((resolve) => waiting.get("b")?.addEventListener("abort", resolve));
  call.cancel();
  await gone;
});

test("a coordinator that leaves sends waits elsewhere and tells what became of the rest", async () => {
  const renewed = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const { edge, call, reader } = await start({
    acquireLock: (_, _request, signal) => inLine(signal),
    renewLock: async () => {
      arrived.resolve();
      await renewed.promise;
      return create(RenewLockResponseSchema);
    },
  });
  call.write({ calls: [acquire(1, "a"), renew(2, "b")] });
  await arrived.promise;
  const drained = edge.server.drain(20_000);
  expect(await reader.take(1)).toMatchObject([
    { id: 1, answer: { case: "error", value: { code: status.UNAVAILABLE } } },
  ]);
  renewed.resolve();
  expect((await reader.take(2))[1]).toMatchObject({ id: 2, answer: { case: "renewed" } });
  expect(await streamFailure(call)).toMatchObject({ code: status.UNAVAILABLE });
  await drained;
});

test("answers that are large together leave as several messages", async () => {
  const holders = Array.from({ length: 100 }, () => ({ holder: "h".repeat(200), keyId: "k".repeat(12) }));
  const { call, reader } = await start({
    acquireLock: async () => create(AcquireLockResponseSchema, { acquired: true, token: 1n, lock: { holders } }),
  });
  const calls = Array.from({ length: LIMITS.lockStreamCalls }, (_, at) => acquire(at, "a"));
  call.write({ calls });
  const answers = await reader.take(LIMITS.lockStreamCalls);
  expect(answers.every(({ answer }) => answer.case === "acquired")).toBe(true);
  expect(reader.messages.length).toBeGreaterThan(10);
  call.end();
  expect(await streamFailure(call)).toBeUndefined();
});

test("a message with more calls than anybody may have unanswered ends the stream, and none of them is carried out", async () => {
  let carried = 0;
  const { call } = await start({
    renewLock: async () => {
      carried++;
      return create(RenewLockResponseSchema);
    },
  });
  call.write({ calls: Array.from({ length: 2 * LIMITS.lockStreamCalls + 1 }, (_, at) => renew(at, "a")) });
  expect(await streamFailure(call)).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(carried).toBe(0);
});

test("more unanswered calls than a stream may have are refused, and an id that is in use ends it", async () => {
  const { call, reader } = await start({ acquireLock: (_, _request, signal) => inLine(signal) });
  const calls = Array.from({ length: LIMITS.lockStreamCalls + 1 }, (_, at) => acquire(at + 1, "a"));
  call.write({ calls });
  expect(await reader.take(1)).toMatchObject([
    { id: LIMITS.lockStreamCalls + 1, answer: { case: "error", value: { code: status.RESOURCE_EXHAUSTED } } },
  ]);
  call.write({ calls: [acquire(1, "a")] });
  expect(await streamFailure(call)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringContaining("The call 1 of this LockStream is unanswered"),
  });
});
