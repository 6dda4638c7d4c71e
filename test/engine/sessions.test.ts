import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { FlushBatch } from "../../coordinator/ports/store.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, getTask, type Open, useEngines, waitForTask } from "../support/engines.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const start = useEngines();

async function database(): Promise<Open> {
  const url = await freshSqlite();
  return () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
}

const LONG = { leaseTtlMs: 60_000 };
/** For workers that fall silent; who is to be heard meanwhile beats many times in it. */
const SHORT = { leaseTtlMs: 1_000 };
const BEAT_MS = 20;

/** The worker beats until it has a lease, however long that takes, and is silent from then on. */
async function silentOnceLeased(worker: TestWorker): Promise<void> {
  const beat = setInterval(() => worker.beat(), BEAT_MS);
  await worker.until((w) => w.leases.length === 1).finally(() => clearInterval(beat));
}

test("a worker that falls silent on an open stream is offered nothing more", async () => {
  const house = await start(await database(), SHORT);
  const silent = new TestWorker(house, { credit: 5 });
  await submit(house, [{ command: "x", retry: { limit: 3 } }]);
  await silentOnceLeased(silent);
  await silent.until((w) => w.ended !== null);
  expect(silent.ended).toMatchObject({ reason: "SESSION_LOST" });
  expect(house.engine.state.ready.size).toBe(0);
});

test("a draining worker that was lost and whose stream then ends leaves the others of its kind alone", async () => {
  const house = await start(await database(), SHORT);
  const other = new TestWorker(house, { credit: 5 });
  const beat = setInterval(() => other.beat(), BEAT_MS);
  const draining = new TestWorker(house);
  draining.say({ draining: true });
  await draining.until((w) => w.ended !== null);
  draining.drop();
  const [id] = await submit(house, [{ command: "x", queue: "never-seen-before" }]);
  await other.until((w) => w.leases.length === 1);
  clearInterval(beat);
  expect(other.leases[0]?.id).toBe(id);
});

test("credit that is taken back after it was used is owed: the next offer pays it first", async () => {
  const house = await start(await database(), LONG);
  const worker = new TestWorker(house, { credit: 3 });
  await submit(
    house,
    Array.from({ length: 7 }, () => ({ command: "x" })),
  );
  await worker.until((w) => w.leases.length === 3);
  // It was said before the leases had arrived; the worker counts on from there, and so must the coordinator.
  worker.say({ creditWithdrawn: 2 });
  worker.credit(2);
  worker.credit(1);
  await worker.until((w) => w.leases.length === 4);
  const { workers } = await house.operations.operator.listWorkers(CALLER);
  expect(workers).toMatchObject([{ credit: 0, running: 4 }]);
  worker.say({ creditWithdrawn: 1 });
  expect((await house.operations.operator.listWorkers(CALLER)).workers).toMatchObject([{ credit: 0, running: 4 }]);
});

test("a worker's clock that is an hour behind does not end its attempts early", async () => {
  const house = await start(await database(), LONG);
  const worker = new TestWorker(house, { credit: 1 });
  await submit(house, [{ command: "x", timeout: { seconds: 60n } }]);
  await worker.until((w) => w.leases.length === 1);
  const { id, token } = worker.leases[0]!;
  worker.say({ starts: [{ id, fencingToken: BigInt(token), startedAt: timestampFromMs(Date.now() - 3_600_000) }] });
  const [item] = house.engine.state.items.values();
  const left = item!.timer!.at - house.engine.state.clock.monotonic();
  expect(left).toBeGreaterThan(50_000);
  expect(left).toBeLessThan(62_000);
});

test("a coordinator's clock that is set forward does not end attempts early", async () => {
  const clock = new MovedClock();
  const house = await start(await database(), LONG, false, clock);
  const worker = new TestWorker(house, { credit: 1 });
  await submit(house, [{ command: "x", timeout: { seconds: 60n } }]);
  await worker.until((w) => w.leases.length === 1);
  clock.wallMs = 3_600_000;
  const { id, token } = worker.leases[0]!;
  worker.say({ progress: [{ id, fencingToken: BigInt(token), percent: 1 }] });
  const [item] = house.engine.state.items.values();
  expect(item!.timer!.at - clock.monotonic()).toBeGreaterThan(50_000);
});

test("an owner that was stopped while its workers could have come back gives them a whole term", async () => {
  const open = await database();
  const dead = await start(open, LONG);
  const worker = new TestWorker(dead, { credit: 1 });
  const [id] = await submit(dead, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  const clock = new MovedClock();
  const next = await start(open, LONG, true, clock);
  clock.monotonicMs = 120_000;
  next.engine.state.wheel.turn();
  // The sweep has seen by now that it comes late.
  const since = performance.now();
  await until("a sweep has come round", () => performance.now() > since + 1_200);
  expect((await getTask(next, id!)).status).toBe(TaskStatus.RUNNING);
  const back = new TestWorker(next, { sessionId: worker.sessionId, held: worker.leases });
  expect(back.welcome?.adopted).toMatchObject([{ id }]);
});

test("attempts whose worker never comes back after a restart are lost when its term is over", async () => {
  const open = await database();
  const dead = await start(open, LONG);
  const worker = new TestWorker(dead, { credit: 1 });
  const [id] = await submit(dead, [{ command: "x", retry: { limit: 1 } }]);
  await worker.until((w) => w.leases.length === 1);
  const next = await start(open, SHORT, true);
  const taker = new TestWorker(next, { credit: 1 });
  const beat = setInterval(() => taker.beat(), BEAT_MS);
  await taker.until((w) => w.leases.length === 1);
  clearInterval(beat);
  expect(taker.leases[0]).toMatchObject({ id, attempt: 2 });
});

test("how often a task was given back after it had begun is known after a restart", async () => {
  const open = await database();
  const first = await start(open, LONG);
  const [id] = await submit(first, [{ command: "x", retry: { releaseLimit: 1 } }]);
  const giveBack = async (worker: TestWorker, attempt: number) => {
    await worker.until((w) => w.leases.length === 1);
    expect(worker.leases[0]).toMatchObject({ id, attempt, maxAttempts: 1 });
    worker.report(worker.leases[0]!, AttemptOutcome.RELEASED, { startedAt: timestampFromMs(1_000) });
    await worker.until((w) => w.acks.length === 1);
  };
  await giveBack(new TestWorker(first, { credit: 1 }), 1);
  const next = await start(open, LONG, true);
  await giveBack(new TestWorker(next, { credit: 1 }), 2);
  expect(await getTask(next, id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.LOST, attempt: 1 });
});

test("the name of a worker is written anew in each generation of segments it works in", async () => {
  const open = await database();
  const house = await start(open, { ...LONG, segmentRows: 5 });
  const worker = new TestWorker(house, { credit: 1 });
  const run = async () => {
    const [id] = await submit(house, [{ command: "x" }]);
    await worker.until((w) => w.leases.at(-1)?.id === id);
    worker.report(worker.leases.at(-1)!, undefined, { credit: 1 });
    await worker.until((w) => w.acks.length === w.leases.length);
  };
  await run();
  // Called for every flush; none is held.
  const named: unknown[] = [];
  house.store.hold("before", "flush", ([batch]) => {
    named.push(...(batch as FlushBatch).sessions);
    return false;
  });
  const { generation } = house.engine.state.segments.open;
  while (house.engine.state.segments.open.generation === generation) await run();
  await run();
  expect(named).toMatchObject([{ id: worker.sessionId, workerName: "test-worker" }]);
});

test("a cancelled attempt whose worker does nothing is ended at its grace and a minute", async () => {
  const clock = new MovedClock();
  const house = await start(await database(), { leaseTtlMs: 3_600_000 }, false, clock);
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x", cancelGrace: { seconds: 30n }, retry: { limit: 3 } }]);
  await worker.until((w) => w.leases.length === 1);
  await cancelTasks(house, [id!]);
  await worker.until((w) => w.cancels.length === 1);
  const { wheel } = house.engine.state;
  clock.monotonicMs = 88_000;
  wheel.turn();
  expect(await getTask(house, id!)).toMatchObject({ status: TaskStatus.RUNNING, reason: TaskReason.CANCELLING });
  clock.monotonicMs = 91_000;
  wheel.turn();
  expect(await waitForTask(house, id!)).toMatchObject({ status: TaskStatus.CANCELLED, reason: TaskReason.ABORTED });
});

test("a report of an attempt that was taken for lost is not accepted: the task has failed without it", async () => {
  const house = await start(await database(), SHORT);
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x" }]);
  await silentOnceLeased(worker);
  const flush = house.store.hold("before", "flush", ([batch]) => (batch as FlushBatch).ends.length > 0);
  await flush.reached;
  // Its end is on the way.
  const again = new TestWorker(house, { held: worker.leases });
  again.report(worker.leases[0]!);
  flush.release();
  await again.until((w) => w.acks.length === 1);
  again.report(worker.leases[0]!);
  await again.until((w) => w.acks.length === 2);
  expect(again.acks.map(({ accepted }) => accepted)).toEqual([false, false]);
  expect(await getTask(house, id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.LOST });
});

test("a report of an attempt that was given up is not accepted, neither before nor after a restart", async () => {
  const clock = new MovedClock();
  const open = await database();
  const house = await start(open, { leaseTtlMs: 3_600_000 }, false, clock);
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x", timeout: { seconds: 10n }, cancelGrace: { seconds: 1n } }]);
  await worker.until((w) => w.leases.length === 1);
  const lease = worker.leases[0]!;
  worker.say({ starts: [{ id: lease.id, fencingToken: BigInt(lease.token) }] });
  const { wheel } = house.engine.state;
  clock.monotonicMs = 12_000;
  wheel.turn();
  await worker.until((w) => w.cancels.length === 1);
  const flush = house.store.hold("before", "flush");
  clock.monotonicMs = 75_000;
  wheel.turn();
  await flush.reached;
  worker.report(lease);
  flush.release();
  await worker.until((w) => w.acks.length === 1);
  worker.report(lease);
  await worker.until((w) => w.acks.length === 2);
  expect(worker.acks.map(({ accepted }) => accepted)).toEqual([false, false]);
  expect(await getTask(house, id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.TIMED_OUT });
  const next = await start(open, LONG, true);
  const again = new TestWorker(next, { sessionId: worker.sessionId });
  again.report(lease);
  await again.until((w) => w.acks.length === 1);
  expect(again.acks).toMatchObject([{ id, accepted: false }]);
});

test("a report of an attempt that was lost is not accepted either once its task was cancelled while it waited", async () => {
  const house = await start(await database(), SHORT);
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x", retry: { limit: 1 } }]);
  await silentOnceLeased(worker);
  await until("it waits again", async () => (await getTask(house, id!)).status === TaskStatus.WAITING);
  await cancelTasks(house, [id!]);
  const again = new TestWorker(house);
  again.report(worker.leases[0]!);
  await again.until((w) => w.acks.length === 1);
  expect(again.acks).toMatchObject([{ id, accepted: false }]);
});
