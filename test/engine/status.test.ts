import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, getTask, type HeldHouse, useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();
const RETRY_SOON = { limit: 1, interval: { seconds: 5n } };
const RUNS = { status: TaskStatus.RUNNING, reason: TaskReason.EXECUTING, attempt: 1 };

async function house(): Promise<HeldHouse> {
  const url = await freshSqlite();
  return start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }), { leaseTtlMs: 60_000 });
}

/** A task that runs, and its worker. */
async function running(coordinator: HeldHouse, spec: object = {}) {
  const worker = new TestWorker(coordinator, { credit: 1 });
  const [id] = await submit(coordinator, [{ command: "x", ...spec }]);
  await worker.until((w) => w.leases.length === 1);
  return { id: id!, worker, lease: worker.leases[0]! };
}

test("a task whose success is not committed yet still runs", async () => {
  const coordinator = await house();
  const { id, worker, lease } = await running(coordinator);
  const flush = coordinator.store.hold("before", "flush");
  worker.report(lease);
  await flush.reached;
  expect(await getTask(coordinator, id)).toMatchObject(RUNS);
  flush.release();
  await worker.until((w) => w.acks.length === 1);
  expect((await getTask(coordinator, id)).status).toBe(TaskStatus.SUCCEEDED);
});

test("a task whose retry is not committed yet still runs", async () => {
  const coordinator = await house();
  const { id, worker, lease } = await running(coordinator, { retry: RETRY_SOON });
  const flush = coordinator.store.hold("before", "flush");
  worker.report(lease, AttemptOutcome.FAILED, { exitCode: 1 });
  await flush.reached;
  expect(await getTask(coordinator, id)).toMatchObject(RUNS);
  flush.release();
  await worker.until((w) => w.acks.length === 1);
  expect(await getTask(coordinator, id)).toMatchObject({ status: TaskStatus.WAITING, reason: TaskReason.RETRYING });
});

test("a task whose lease is not committed yet waits, and has begun no attempt", async () => {
  const coordinator = await house();
  const [id] = await submit(coordinator, [{ command: "x" }]);
  const flush = coordinator.store.hold("before", "flush");
  const worker = new TestWorker(coordinator, { credit: 1 });
  await flush.reached;
  expect(await getTask(coordinator, id!)).toMatchObject({ status: TaskStatus.WAITING, attempt: 0 });
  flush.release();
  await worker.until((w) => w.leases.length === 1);
  expect(await getTask(coordinator, id!)).toMatchObject(RUNS);
});

test("a cancel of a task whose lease is not committed yet ends it before it is sent", async () => {
  const coordinator = await house();
  const [id] = await submit(coordinator, [{ command: "x" }]);
  const flush = coordinator.store.hold("before", "flush");
  const worker = new TestWorker(coordinator, { credit: 1 });
  await flush.reached;
  const cancelled = cancelTasks(coordinator, [id!]);
  flush.release();
  expect((await cancelled).results[0]).toMatchObject({ changed: true });
  const [next] = await submit(coordinator, [{ command: "y" }]);
  worker.credit(1);
  await worker.until((w) => w.leases.length === 1);
  expect(worker.leases[0]!.id).toBe(next);
  expect(await getTask(coordinator, id!)).toMatchObject({
    status: TaskStatus.CANCELLED,
    reason: TaskReason.ABORTED,
  });
});
