import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { RetryTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { noTracer, type TaskTracer } from "../../runtime/tracing.ts";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** What was recorded, one entry a call. */
let seen: { operation: string; task: Parameters<TaskTracer["send"]>[0]; attempt?: number; error?: string }[];
let house: EngineHouse;

const recorder: TaskTracer = {
  ...noTracer,
  enabled: true,
  send: (task) => seen.push({ operation: "send", task }),
  settle: (task, { attempt }, _startedAt, { error }) =>
    seen.push({ operation: "settle", task, attempt, ...(error === undefined ? {} : { error }) }),
};

beforeEach(async () => {
  seen = [];
  const store = await sqliteStore.open(await freshSqlite(), { readConnections: 2, failpoint: () => {} });
  house = await startEngine(store, {}, false, recorder);
});
afterEach(() => house.close());

const retry = async (id: string): Promise<string> => {
  const request = create(RetryTasksRequestSchema, { ids: [id] });
  const { results } = await house.operations.tasks.retryTasks(CALLER, request);
  const result = results[0]?.result;
  if (result?.case !== "task") throw new Error(`refused: ${result?.value?.message}`);
  return result.value.id;
};

test("each task of a message is sent once, whatever is refused or repeated around it", async () => {
  const specs = [
    { command: "true", traceparent: PARENT },
    { type: "mail", queue: "post" },
  ];
  const ids = await submit(house, specs, "request-1");
  const sent = [
    { id: ids[0], queue: "default", type: "", traceparent: PARENT },
    { id: ids[1], queue: "post", type: "mail", traceparent: "" },
  ].map((task) => ({ operation: "send", task }));
  expect(seen).toEqual(sent);

  expect(await submit(house, specs, "request-1")).toEqual(ids);
  await expect(submit(house, [{ command: "true", queue: "No Queue" }])).rejects.toThrow("refused");
  expect(seen).toEqual(sent);
  const keyed = { command: "true", idempotencyKey: "once" };
  const [id] = await submit(house, [keyed]);
  expect(await submit(house, [keyed])).toEqual([id]);
  expect(seen.slice(2).map(({ task }) => task.id)).toEqual([id]);
});

test("a report that counts is settled; a repeat and an old token are not", async () => {
  const worker = new TestWorker(house, { credit: 2 });
  const [id] = await submit(house, [{ command: "true", traceparent: PARENT, retry: { limit: 1 } }]);
  await worker.until(({ leases }) => leases.length === 1);
  worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  await worker.until(({ leases, acks }) => leases.length === 2 && acks.length === 2);
  worker.report(worker.leases[0]!);
  worker.report(worker.leases[1]!);
  await worker.until(({ acks }) => acks.length === 4);
  const task = { id, queue: "default", type: "", traceparent: PARENT };
  expect(seen.slice(1)).toEqual([1, 2].map((attempt) => ({ operation: "settle", task, attempt })));
});

test("retries of an ended task belong to the conversation of the first", async () => {
  const worker = new TestWorker(house, { credit: 10 });
  worker.succeedAll();
  const [first] = await submit(house, [{ command: "true", traceparent: PARENT }]);
  await worker.until(({ acks }) => acks.length === 1);
  const second = await retry(first!);
  await worker.until(({ acks }) => acks.length === 2);
  const third = await retry(second);
  const sent = seen.filter(({ operation }) => operation === "send").map(({ task }) => task);
  const common = { queue: "default", type: "", traceparent: PARENT };
  expect(sent).toEqual([
    { ...common, id: first },
    { ...common, id: second, rootId: first },
    { ...common, id: third, rootId: first },
  ]);
});
