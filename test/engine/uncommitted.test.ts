import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { WorkerState } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { LeaseTasksRequestSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

/** What people are told between a decision and its commit. */

let house: EngineHouse;
let hold: Promise<void> | undefined;
let letGo: () => void = () => {};

beforeEach(async () => {
  hold = undefined;
  house = await startEngine(
    withHeldFlush(await sqliteStore.open(await freshSqlite(), { readConnections: 2, failpoint: () => {} })),
  );
});
afterEach(async () => {
  letGo();
  await house.close();
});

/** Flushes wait while `hold` is set. */
function withHeldFlush(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === "flush")
        return async (batch: Parameters<Store["flush"]>[0]) => {
          await hold;
          return target.flush(batch);
        };
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function holdFlushes(): void {
  hold = new Promise((resolve) => {
    letGo = () => {
      hold = undefined;
      resolve();
    };
  });
}

/** A flush with everything that was decided has been given to the store. */
async function committing(): Promise<void> {
  while (house.engine.state.flushBegan === 0) await new Promise((resolve) => setImmediate(resolve));
}

const get = async (id: string) => {
  const { task } = await house.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id });
  return task!;
};

test("a task whose end is not committed is still running", async () => {
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  holdFlushes();
  worker.report(worker.leases[0]!);
  expect(await get(id!)).toMatchObject({ status: TaskStatus.RUNNING, reason: TaskReason.EXECUTING });
  letGo();
  await worker.until((w) => w.acks.length === 1);
  expect((await get(id!)).status).toBe(TaskStatus.SUCCEEDED);
});

test("a task that was running when its rows were read is not called disconnected once it has ended", async () => {
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  const read = get(id!);
  worker.report(worker.leases[0]!);
  expect([TaskReason.EXECUTING, TaskReason.UNSPECIFIED]).toContain((await read).reason);
});

test("an attempt whose failure is not committed runs still: a status is what is committed", async () => {
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x", retry: { limit: 1, interval: { seconds: 5n, nanos: 0 } } }]);
  await worker.until((w) => w.leases.length === 1);
  holdFlushes();
  worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  expect(await get(id!)).toMatchObject({ status: TaskStatus.RUNNING, reason: TaskReason.EXECUTING });
  letGo();
  await worker.until((w) => w.acks.length === 1);
  expect(await get(id!)).toMatchObject({ status: TaskStatus.WAITING, reason: TaskReason.RETRYING });
});

test("a worker that calls again and again is there between two calls", async () => {
  const ask = (request: object) =>
    house.operations.workers.leaseTasks(CALLER, create(LeaseTasksRequestSchema, request), new AbortController().signal);
  const [id] = await submit(house, [{ command: "x" }]);
  const worker = { name: "simple", slots: 1, commands: true };
  const { leases } = await ask({ worker, max: 1, wait: { seconds: 5n, nanos: 0 } });
  expect(leases?.[0]?.id).toBe(id);
  expect(await get(id!)).toMatchObject({ status: TaskStatus.RUNNING, reason: TaskReason.EXECUTING });
  const { workers } = await house.operations.operator.listWorkers(CALLER);
  expect(workers).toMatchObject([{ state: WorkerState.ACTIVE }]);
});

const retried = { command: "x", retry: { limit: 1, interval: { seconds: 5n, nanos: 0 } } };

test("a report that is repeated before its commit is answered after it: a worker that is told no forgets the attempt", async () => {
  const worker = new TestWorker(house, { credit: 1 });
  await submit(house, [retried]);
  await worker.until((w) => w.leases.length === 1);
  holdFlushes();
  for (const _ of [1, 2]) worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  await committing();
  worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  expect(worker.acks).toEqual([]);
  letGo();
  await worker.until((w) => w.acks.length === 3);
});

test("a lease whose ending is not committed is not refused to the worker that comes back with it: it is taken away after the commit", async () => {
  const worker = new TestWorker(house, { credit: 1 });
  await submit(house, [retried]);
  await worker.until((w) => w.leases.length === 1);
  holdFlushes();
  worker.report(worker.leases[0]!, AttemptOutcome.FAILED, { exitCode: 1 });
  await committing();
  worker.drop();
  const again = new TestWorker(house, { sessionId: worker.sessionId, held: worker.leases });
  expect(again.welcome).toMatchObject({ adopted: [], refused: [] });
  expect(again.cancels).toEqual([]);
  letGo();
  await again.until((w) => w.cancels.length === 1);
  expect(again.cancels[0]).toMatchObject({ id: worker.leases[0]!.id, reason: TaskReason.LOST });
});

test("a lease that was cancelled before it was sent takes nothing of what its worker offers", async () => {
  const [first] = await submit(house, [{ command: "x" }]);
  holdFlushes();
  const worker = new TestWorker(house, { credit: 1 });
  await committing();
  const cancelled = cancelTasks(house, [first!]);
  letGo();
  await cancelled;
  const [second] = await submit(house, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  expect(worker.leases[0]!.id).toBe(second);
});

test("a lease on its way counts against what its worker offers when it comes back meanwhile", async () => {
  await submit(house, [{ command: "x" }, { command: "x" }]);
  holdFlushes();
  const worker = new TestWorker(house, { credit: 1 });
  await committing();
  const again = new TestWorker(house, { sessionId: worker.sessionId, credit: 1 });
  letGo();
  await again.until((w) => w.leases.length > 0);
  await submit(house, [{ command: "x" }]);
  expect(again.leases).toHaveLength(1);
});
