import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type TaskRequest, TssError, taskType } from "../../sdk/typescript/index.ts";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";
import { until } from "../support/until.ts";

let system: SdkSystem;
beforeAll(async () => {
  system = await startSdkSystem();
});
afterAll(() => system.close());

const refusal = (promise: Promise<unknown>): Promise<TssError> =>
  promise.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: TssError) => error,
  );

test("every option of a task arrives as it was meant", async () => {
  const client = system.client();
  const runAt = new Date(Date.now() + 86_400_000);
  const task = await client.submit({
    argv: ["convert", "a b.png"],
    name: "Bild «größer» 🖼",
    queue: "images",
    priority: -5,
    runAt,
    expiresMs: 60_000,
    timeoutMs: 1_500,
    cancelGraceMs: 0,
    retry: { limit: 2, intervalMs: 10, backoff: "fixed", jitter: 0, nonRetryableExitCodes: [2], releaseLimit: 0 },
    onAgentRestart: "kill",
    labels: { team: "web" },
    selector: { zone: "eu" },
    resources: { gpu: 0.5 },
    idempotencyKey: "order-7",
    idempotencyTtlMs: 5_000,
    fairnessKey: "tenant-1",
    env: { A: "1" },
    workingDirectory: "/tmp",
    user: "deploy:www-data",
    umask: "027",
    limits: { memory: 1024 ** 3, cpus: 0.5 },
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  });
  expect(await task.get()).toMatchObject({
    name: "Bild «größer» 🖼",
    queue: "images",
    priority: -5,
    status: "waiting",
    reason: "scheduled",
    runAt,
    maxAttempts: 3,
    type: undefined,
  });
  const { task: stored } = await client.connection
    .service((await import("../../proto/gen/tss/v1/task_service_pb.js")).TaskService)
    .getTask({ id: task.id });
  expect(stored?.spec).toMatchObject({
    argv: ["convert", "a b.png"],
    expires: { seconds: 60n },
    timeout: { seconds: 1n, nanos: 500_000_000 },
    cancelGrace: { seconds: 0n },
    retry: { limit: 2, jitter: 0, nonRetryableExitCodes: [2], releaseLimit: 0 },
    onAgentRestart: 2,
    selector: { zone: "eu" },
    resources: { gpu: 0.5 },
    fairnessKey: "tenant-1",
    env: { A: "1" },
    workingDirectory: "/tmp",
    user: "deploy:www-data",
    umask: "027",
    limits: { memory: 1024 ** 3, cpus: 0.5 },
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  });
  expect((await task.explain()).summary).not.toBe("");
  expect(await task.cancel()).toMatchObject({ status: "cancelled" });
  const again = await task.retry();
  expect(await again.get()).toMatchObject({ retryOf: task.id });
  await again.cancel();
});

test.each<[string, object, string]>([
  ["an option that does not exist", { command: "true", retires: 3 }, "retires is no option of a task"],
  ["an unknown retry option", { command: "true", retry: { max: 3 } }, "retry.max is no option of a task"],
  [
    "a number that is none",
    { command: "true", delayMs: Number.NaN },
    "delayMs is NaN; it is a number of milliseconds.",
  ],
  ["a priority with a fraction", { command: "true", priority: 1.5 }, "priority is 1.5; it is a whole number."],
  ["an unknown back-off", { command: "true", retry: { backoff: "linear" } }, 'retry.backoff is "linear"'],
  ["half a surrogate pair", { command: "echo \ud800" }, "command has half of a surrogate pair"],
  ["a date that is none", { command: "true", runAt: new Date("?") }, "runAt is not a date."],
  ["U+0000", { command: "true", name: "a\0b" }, "name"],
  ["a priority out of range", { command: "true", priority: 128 }, "priority"],
  ["an empty command", { command: "" }, ""],
  ["more than a message carries", { command: "x".repeat(5 * 1024 * 1024) }, "bytes, and a message carries at most"],
])("%s is refused with its field", async (_name, request, message) => {
  const error = await refusal(system.client().submit(request as TaskRequest));
  expect(error).toBeInstanceOf(TssError);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) });
});

test("one refused task of a turn leaves the others alone", async () => {
  const client = system.client();
  const outcomes = await Promise.allSettled(
    ["fine", "", "too"].map((name) =>
      client.submit({ command: "true", name, queue: name === "" ? "Not A Queue" : "q" }),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("an idempotency key gives the same task; for another task it is refused", async () => {
  const client = system.client();
  const task: TaskRequest = { command: "true", idempotencyKey: "once", delayMs: 60_000 };
  const first = await client.submit(task);
  const second = await client.submit(task);
  expect([first.duplicate, second.duplicate, second.id]).toEqual([false, true, first.id]);
  expect(await refusal(client.submit({ ...task, command: "false" }))).toMatchObject({ code: "ALREADY_EXISTS" });
});

test("list, watch and wait", async () => {
  const client = system.client();
  const work = taskType<number, number>("list-me");
  const stop = new AbortController();
  const changes = client.watch({ queue: "listed" }, stop.signal);
  const firstEnd = (async () => {
    for await (const change of changes)
      if ("task" in change && change.task.status === "succeeded") return change.task.type;
    return undefined;
  })();
  const tasks = await Promise.all([1, 2, 3].map((n) => client.submit(work.task(n, { queue: "listed" }))));
  const late = await refusal(tasks[0]!.wait({ timeoutMs: 20 }));
  expect(late).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const view of tasks[0]!.watch()) seen.push(view.status);
  })();
  await until("the first to be seen", () => seen.length > 0);
  system.worker({ queues: ["listed"], handlers: [work.handler((n) => n * 10)] });
  expect(await Promise.all(tasks.map((task) => task.result()))).toEqual([10, 20, 30]);
  await watching;
  expect(seen.at(0)).toBe("waiting");
  expect(seen.at(-1)).toBe("succeeded");
  expect(await firstEnd).toBe("list-me");
  stop.abort();
  const listed: string[] = [];
  for await (const { id } of client.list({ queue: "listed", status: ["succeeded"] })) listed.push(id);
  expect(listed.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  expect(await refusal(client.list({ status: ["done" as "failed"] }).next())).toMatchObject({
    message: '"done" is no status; these are: waiting, running, succeeded, failed, cancelled.',
  });
});

test("an unknown and a malformed id", async () => {
  const client = system.client();
  expect(await refusal(client.task("nonsense").get())).toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining("nonsense"),
  });
  const { id } = await client.submit({ command: "true" });
  expect(await client.task(id).cancel()).toMatchObject({ status: "cancelled" });
});

test("a client without a key, and without a coordinator, says so", async () => {
  const stranger = system.client({ apiKey: "tss_wrong" });
  expect(await refusal(stranger.submit({ command: "true" }))).toMatchObject({ code: "UNAUTHENTICATED" });
  const alone = system.client({ address: "127.0.0.1:1", submitTimeoutMs: 2_000 });
  const error = await refusal(alone.submit({ command: "true" }));
  expect(error.code).toBe("UNAVAILABLE");
  expect(error.message).toMatch(
    /^The task was not confirmed within 2000 ms \(No coordinator answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)\); it may/,
  );
});

test("a full buffer refuses at once and keeps what it has", async () => {
  const client = system.client({ bufferTasks: 3 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 5 }, () => client.submit({ command: "true", queue: "few", delayMs: 60_000 })),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
  expect((outcomes[4] as PromiseRejectedResult).reason).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
});

test("a program ends by itself when its client has nothing to do", () => {
  const script = `import { createClient } from ${JSON.stringify(join(import.meta.dirname, "../../sdk/typescript/index.ts"))};
const client = createClient(); console.log((await client.submit({ command: "true" })).id);`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, NODE_OPTIONS: "", TSS_COORDINATOR: system.address, TSS_API_KEY: system.apiKey },
    encoding: "utf8",
    timeout: 50_000,
  });
  expect({ stderr, status, id: stdout.trim().length }).toEqual({ stderr: "", status: 0, id: 26 });
});
