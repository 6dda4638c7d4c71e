import { create } from "@bufbuild/protobuf";
import { afterEach, expect, test } from "@jest/globals";
import { TssError } from "../../proto/errors.ts";
import {
  AcquireLockResponseSchema,
  type LockCall,
  type LockStreamRequest,
  LockStreamResponseSchema,
  ReleaseLockResponseSchema,
  RenewLockResponseSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { streamLocks } from "../../sdk/typescript/client/stream-locks.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { until } from "../support/until.ts";

type Given = NonNullable<Parameters<typeof create<typeof LockStreamResponseSchema>>[1]>;

/** One stream as the coordinator has it. */
interface Opened {
  readonly messages: LockCall[][];
  answer(answers: Given["answers"]): void;
  /** Ends it, with an error. */
  fail(error?: TssError): void;
  ended: boolean;
}

const locksUnderTest: { close(): void }[] = [];
afterEach(() => {
  for (const locks of locksUnderTest.splice(0)) locks.close();
});

/** A coordinator that does what a test says, with the streams and the single calls it has had. */
function start() {
  const streams: Opened[] = [];
  const single: string[] = [];
  const service = {
    acquireLock: async ({ name }: { name: string }) => {
      single.push(`acquire ${name}`);
      return create(AcquireLockResponseSchema, { acquired: true, token: 5n });
    },
    renewLock: async () => create(RenewLockResponseSchema),
    releaseLock: async () => create(ReleaseLockResponseSchema),
    lockStream() {
      const heard: unknown[] = [];
      let wake = () => {};
      let error: TssError | undefined;
      const opened: Opened = {
        messages: [],
        ended: false,
        answer(answers) {
          heard.push(create(LockStreamResponseSchema, { answers } as Given));
          wake();
        },
        fail(failure) {
          error = failure;
          opened.ended = true;
          wake();
        },
      };
      streams.push(opened);
      return {
        write: ({ calls }: LockStreamRequest) => opened.messages.push(calls) > 0,
        drained: async () => {},
        end: () => opened.fail(),
        cancel: () => opened.fail(),
        async *[Symbol.asyncIterator]() {
          for (;;) {
            while (heard.length > 0) yield heard.shift();
            if (opened.ended) {
              if (error !== undefined) throw error;
              return;
            }
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        },
      };
    },
  };
  const locks = streamLocks({ service: () => service } as unknown as Connection);
  locksUnderTest.push(locks);
  const written = async (count: number, at = 0) => {
    await until(`${count} messages`, () => (streams[at]?.messages.length ?? 0) >= count);
    return streams[at] as Opened;
  };
  return { locks, streams, single, written };
}

test("calls of one turn are one message, and each gets its own answer, in any order", async () => {
  const { locks, streams, written } = start();
  const first = locks.acquireLock({ name: "a" });
  const second = locks.renewLock({ name: "b", token: 2n });
  const third = locks.releaseLock({ name: "c", token: 3n });
  const stream = await written(1);
  expect(stream.messages.map((calls) => calls.map(({ call }) => call.case))).toEqual([["acquire", "renew", "release"]]);
  const [one, two, three] = stream.messages[0]!.map(({ id }) => id) as [number, number, number];
  stream.answer([
    { id: three, answer: { case: "released", value: { changed: true } } },
    { id: one, answer: { case: "acquired", value: { acquired: true, token: 9n } } },
  ]);
  expect(await third).toMatchObject({ changed: true });
  expect(await first).toMatchObject({ acquired: true, token: 9n });
  stream.answer([{ id: two, answer: { case: "error", value: { code: 9, message: "It is lost." } } }]);
  await expect(second).rejects.toMatchObject({ code: "FAILED_PRECONDITION", message: "It is lost." });
  expect(streams).toHaveLength(1);
});

test("a stream that breaks fails its calls, and the next call opens another", async () => {
  const { locks, streams, written } = start();
  const calls = [locks.acquireLock({ name: "a" }), locks.renewLock({ name: "b", token: 1n })];
  const failed = Promise.allSettled(calls);
  (await written(1)).fail(new TssError("UNAVAILABLE", "The connection was lost.", { reason: "CONNECTION_LOST" }));
  for (const result of await failed)
    expect(result).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE", reason: "CONNECTION_LOST" } });
  const again = locks.acquireLock({ name: "a" });
  const second = await written(1, 1);
  // Ended in good order, a stream has lost its calls all the same.
  second.fail();
  await expect(again).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(streams).toHaveLength(2);
});

test("a coordinator without the stream is asked by calls of their own from then on", async () => {
  const { locks, streams, single, written } = start();
  const calls = [locks.acquireLock({ name: "a" }), locks.acquireLock({ name: "b" })];
  (await written(1)).fail(new TssError("UNIMPLEMENTED", "unknown method"));
  expect(await Promise.all(calls)).toMatchObject([{ token: 5n }, { token: 5n }]);
  await locks.acquireLock({ name: "c" });
  expect(single).toEqual(["acquire a", "acquire b", "acquire c"]);
  expect(streams).toHaveLength(1);
});

test("who gives up or waits too long hears so, and the coordinator is told", async () => {
  const { locks, written } = start();
  const controller = new AbortController();
  const given = locks.acquireLock({ name: "a" }, { signal: controller.signal });
  const late = locks.acquireLock({ name: "b" }, { timeoutMs: 1 });
  await expect(late).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  controller.abort();
  await expect(given).rejects.toMatchObject({ code: "CANCELLED" });
  const sent = () => stream.messages.flat().map(({ id, call }) => `${call.case} ${id}`);
  const stream = await written(1);
  await until("both to be told", () => sent().filter((text) => text.startsWith("giveUp")).length === 2);
  expect(sent().sort()).toEqual(["acquire 1", "acquire 2", "giveUp 1", "giveUp 2"]);
  // Its answer comes too late for anybody.
  stream.answer([{ id: 1, answer: { case: "acquired", value: { acquired: true, token: 9n } } }]);
  const next = locks.releaseLock({ name: "a", token: 9n });
  await until("the release", () => sent().includes("release 3"));
  stream.answer([{ id: 3, answer: { case: "released", value: { changed: true } } }]);
  expect(await next).toMatchObject({ changed: true });
});

test("past what a stream may carry, a call is made by itself", async () => {
  const { locks, single, written } = start();
  const waits = Array.from({ length: LIMITS.lockStreamCalls }, () => locks.acquireLock({ name: "a" }));
  const over = Promise.allSettled(waits);
  await locks.acquireLock({ name: "b" });
  expect(single).toEqual(["acquire b"]);
  expect((await written(1)).messages[0]).toHaveLength(LIMITS.lockStreamCalls);
  locks.close();
  for (const result of await over) expect(result).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
});

test("a stream with nothing to say is ended, one with a wait is not", async () => {
  const { locks, streams, written } = start();
  const waiting = locks.acquireLock({ name: "a" });
  const released = locks.releaseLock({ name: "b", token: 1n });
  const stream = await written(1);
  stream.answer([{ id: 2, answer: { case: "released", value: { changed: true } } }]);
  await released;
  expect(stream.ended).toBe(false);
  stream.answer([{ id: 1, answer: { case: "acquired", value: { acquired: true, token: 9n } } }]);
  await waiting;
  await until("the stream to be ended", () => stream.ended);
  expect(streams).toHaveLength(1);
});
