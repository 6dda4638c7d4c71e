import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  type AttemptContext,
  Fatal,
  RetryLater,
  StoppedError,
  TaskFailedError,
  taskType,
} from "../../sdk/typescript/index.ts";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";

let system: SdkSystem;
beforeAll(async () => {
  system = await startSdkSystem();
});
afterAll(() => system.close());

/** Resolves when the signal fires, with its reason. */
function stopped({ signal }: AttemptContext): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason), { once: true }));
}

test("a typed handler gets its input and gives its result", async () => {
  const double = taskType<{ n: number }, { twice: number }>("double");
  system.worker({ handlers: [double.handler(({ n }) => ({ twice: 2 * n }))] });
  const task = await system.client().submit(double.task({ n: 21 }, { labels: { team: "web" } }));
  expect(await task.result()).toEqual({ twice: 42 });
  expect(await task.get()).toMatchObject({
    name: "double",
    type: "double",
    status: "succeeded",
    labels: { team: "web" },
    attempt: 1,
    attempts: [{ number: 1, outcome: "succeeded" }],
  });
});

test("what a handler sees, says and counts", async () => {
  const seen: Partial<AttemptContext>[] = [];
  const steps = taskType<void, void>("steps");
  system.worker({
    handlers: [
      steps.handler((_input, task) => {
        const { id, attempt, maxAttempts, deadline, queue, fencingToken } = task;
        seen.push({ id, attempt, maxAttempts, deadline, queue, fencingToken });
        task.progress(40, "resizing");
        task.message(`try ${attempt}`);
        if (attempt < 3) throw new RetryLater(10, "the mail server is busy");
      }),
    ],
  });
  const task = await system.client().submit(steps.task(undefined, { retry: { limit: 5 }, timeoutMs: 60_000 }));
  const ended = await task.wait();
  expect(ended).toMatchObject({ status: "succeeded", attempt: 3, progress: { percent: 40, message: "resizing" } });
  expect(ended.messages.map(({ text }) => text)).toEqual(["try 1", "try 2", "try 3"]);
  expect(ended.attempts[0]).toMatchObject({
    outcome: "failed",
    reason: "handler_error",
    error: { type: "RetryLater", message: "the mail server is busy" },
  });
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(seen[0]).toMatchObject({ id: task.id, maxAttempts: 6, queue: "default", deadline: expect.any(Date) });
  expect(seen[2]?.fencingToken).toBeGreaterThan(seen[0]?.fencingToken ?? 0n);
});

test("Fatal ends the task at once; the error is told to who waits", async () => {
  const fatal = taskType<void, void>("fatal");
  system.worker({
    handlers: [
      fatal.handler(() => {
        throw new Fatal("no such customer");
      }),
    ],
  });
  const task = await system.client().submit(fatal.task(undefined, { retry: { limit: 5 } }));
  const error = await task.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TaskFailedError);
  expect((error as TaskFailedError).message).toBe(`Task ${task.id} "fatal" failed (handler_error): no such customer`);
  expect((error as TaskFailedError).task).toMatchObject({ attempt: 1, error: { type: "Fatal" } });
});

test("cancel reaches the handler's signal at once", async () => {
  const begun = Promise.withResolvers<void>();
  const reasons: unknown[] = [];
  const long = taskType<void, void>("long");
  system.worker({
    handlers: [
      long.handler(async (_input, task) => {
        begun.resolve();
        reasons.push(await stopped(task));
        task.signal.throwIfAborted();
      }),
    ],
  });
  const task = await system.client().submit(long.task());
  await begun.promise;
  await task.cancel();
  expect(await task.wait()).toMatchObject({ status: "cancelled", reason: "aborted" });
  expect(reasons).toEqual([expect.any(StoppedError)]);
  expect(reasons[0]).toMatchObject({ reason: "aborted", message: "The task was cancelled." });
});

test("a handler that does not listen is reported as timed out after the grace, and keeps its slot", async () => {
  const release = Promise.withResolvers<void>();
  const deaf = taskType<string, string>("deaf");
  system.worker({
    slots: 1,
    handlers: [
      deaf.handler(async (word) => {
        if (word === "hang") await release.promise;
        return word;
      }),
    ],
  });
  const client = system.client();
  const hung = await client.submit(deaf.task("hang", { timeoutMs: 50, cancelGraceMs: 50 }));
  expect(await hung.wait()).toMatchObject({ status: "failed", reason: "timed_out" });
  const next = await client.submit(deaf.task("next"));
  expect((await next.get()).status).toBe("waiting");
  release.resolve();
  expect(await next.result()).toBe("next");
});

test("a handler without a sign of life is stopped; heartbeats keep it", async () => {
  const quiet = taskType<boolean, string>("quiet");
  system.worker({
    handlers: [
      quiet.handler(async (beats, task) => {
        if (!beats) throw await stopped(task);
        for (let beat = 0; beat < 12; beat++) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          task.heartbeat();
        }
        return "alive";
      }),
    ],
  });
  const client = system.client();
  const options = { heartbeatTimeoutMs: 300, cancelGraceMs: 100 };
  const [silent, lively] = await Promise.all([
    client.submit(quiet.task(false, options)),
    client.submit(quiet.task(true, options)),
  ]);
  expect(await silent.wait()).toMatchObject({ status: "failed", reason: "heartbeat" });
  expect(await lively.result()).toBe("alive");
});

test("what cannot be carried fails with its reason and is not tried again", async () => {
  const bad = taskType<string, unknown>("bad-result");
  system.worker({
    handlers: [
      bad.handler((kind) =>
        kind === "large"
          ? "x".repeat(64 * 1024 * 1024)
          : kind === "bigint"
            ? 1n
            : kind === "symbol"
              ? Symbol("s")
              : kind,
      ),
    ],
  });
  const client = system.client();
  const wait = async (kind: string) => (await client.submit(bad.task(kind, { retry: { limit: 3 } }))).wait();
  expect(await wait("large")).toMatchObject({ status: "failed", reason: "result_too_large", attempt: 1 });
  expect(await wait("bigint")).toMatchObject({
    status: "failed",
    reason: "handler_error",
    attempt: 1,
    error: { type: "TssError", message: expect.stringMatching(/^The value cannot be written as JSON: .*BigInt/) },
  });
  expect(await wait("symbol")).toMatchObject({ status: "failed", reason: "handler_error" });
  expect(await wait("it goes on")).toMatchObject({ status: "succeeded" });
});

test("a handler that leaves timers behind costs no slot, and nobody who leaves", async () => {
  const left: NodeJS.Timeout[] = [];
  const leaky = taskType<number, number>("leaky");
  const worker = system.worker({
    slots: 2,
    handlers: [
      leaky.handler((n) => {
        left.push(setInterval(() => {}, 1e6));
        return n;
      }),
    ],
  });
  const client = system.client();
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const tasks = await Promise.all(numbers.map((n) => client.submit(leaky.task(n))));
  expect(await Promise.all(tasks.map((task) => task.result()))).toEqual(numbers);
  await worker.close();
  expect(left).toHaveLength(50);
  for (const timer of left) clearInterval(timer);
});

test("a task of a type that nobody serves says so, and what to do", async () => {
  const other = taskType<void, void>("somebody-elses");
  const worker = system.worker({ handlers: [other.handler(() => {})] });
  await worker.ready;
  const task = await system.client().submit({ type: "nobodys" });
  expect((await task.explain()).summary).toBe("No worker has the handler nobodys.");
  await task.cancel();
});

test("an input no codec reads fails the task with one sentence", async () => {
  const any = taskType<unknown, void>("any-input");
  system.worker({ handlers: [any.handler(() => {})] });
  const client = system.client({
    codec: {
      encode: () => ({ data: Uint8Array.of(1), contentType: "application/x-thing", encodings: [] }),
      decode: () => undefined,
    },
  });
  const ended = await (await client.submit(any.task(1, { retry: { limit: 3 } }))).wait();
  expect(ended).toMatchObject({ status: "failed", reason: "handler_error", attempt: 1 });
  expect(ended.error?.message).toMatch(/^The input cannot be decoded: Nothing here reads "application\/x-thing"/);
});

test("many results in one turn travel in messages below the limit", async () => {
  const big = taskType<void, string>("big-result");
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  system.worker({
    slots: 40,
    handlers: [
      big.handler(async () => {
        if (++begun === 40) gate.resolve();
        await gate.promise;
        return "x".repeat(200_000);
      }),
    ],
  });
  const client = system.client();
  const tasks = await Promise.all(Array.from({ length: 40 }, () => client.submit(big.task())));
  const results = await Promise.all(tasks.map((task) => task.result()));
  expect(results.every((result) => result.length === 200_000)).toBe(true);
  expect((await Promise.all(tasks.map((task) => task.get()))).every(({ attempt }) => attempt === 1)).toBe(true);
});

test("a worker that closes lets what runs end; one in a hurry tells it to stop", async () => {
  const slow = taskType<void, string>("slow");
  const begun: (() => void)[] = [];
  const release = Promise.withResolvers<void>();
  const handler = slow.handler(async (_input, task) => {
    for (const tell of begun.splice(0)) tell();
    await Promise.race([release.promise, stopped(task)]);
    task.signal.throwIfAborted();
    return "done";
  });
  const client = system.client();
  const hasBegun = () => new Promise<void>((resolve) => begun.push(resolve));
  let started = hasBegun();
  const patient = system.worker({ handlers: [handler] });
  const first = await client.submit(slow.task());
  await started;
  const closed = patient.close();
  release.resolve();
  await closed;
  expect(await first.result()).toBe("done");

  started = hasBegun();
  const hurried = system.worker({
    handlers: [
      slow.handler(async (_input, task) => {
        for (const tell of begun.splice(0)) tell();
        await stopped(task);
        throw new Error("cleaned up");
      }),
    ],
  });
  const second = await client.submit(slow.task());
  await started;
  await hurried.close(10);
  expect(await second.wait()).toMatchObject({ status: "failed", reason: "lost" });
});

test("a key that is refused is told by ready, and handlers of one type twice are refused", async () => {
  const work = taskType<void, void>("work");
  const worker = system.worker({ apiKey: "tss_nothing", handlers: [work.handler(() => {})] });
  await expect(worker.ready).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(() => system.worker({ handlers: [work.handler(() => {}), work.handler(() => {})] })).toThrow(
    "A worker has at least one handler, and one for each type.",
  );
});
