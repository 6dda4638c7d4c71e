import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { countTasks, getTask, type Open, useEngines, waitForTask } from "../support/engines.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const start = useEngines();
const LONG = { leaseTtlMs: 60_000 };
const EXPIRED = { status: TaskStatus.FAILED, reason: TaskReason.EXPIRED };

async function database(): Promise<Open> {
  const url = await freshSqlite();
  return () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
}

/** For what has to be leased before: a clock is moved past it then. */
const MINUTE = { seconds: 60n };
const expiresIn = (ms: number) => ({ seconds: 0n, nanos: ms * 1_000_000 });

test("tasks that run past their expiry do not keep others from expiring", async () => {
  const clock = new MovedClock();
  const house = await start(await database(), LONG, false, clock);
  const worker = new TestWorker(house, { credit: 600, queues: ["busy"] });
  const busy = { command: "x", queue: "busy", expires: MINUTE };
  await submit(
    house,
    Array.from({ length: 600 }, () => busy),
  );
  await worker.until((w) => w.leases.length === 600);
  const [id] = await submit(house, [{ command: "x", queue: "nobody", expires: MINUTE }]);
  clock.wallMs = 61_000;
  expect(await waitForTask(house, id!)).toMatchObject(EXPIRED);
});

test("a thousand tasks that expire at once all do, and what waits longer does not", async () => {
  const house = await start(await database(), LONG);
  const short = { command: "x", expires: expiresIn(300) };
  const ids = await submit(
    house,
    Array.from({ length: 1_000 }, () => short),
  );
  const [keeps] = await submit(house, [{ command: "x", expires: { seconds: 600n } }]);
  await Promise.all([ids[0], ids[500], ids[999]].map((id) => waitForTask(house, id!)));
  await until("all have expired", async () => (await countTasks(house)).failed === 1_000n);
  expect((await getTask(house, keeps!)).status).toBe(TaskStatus.WAITING);
});

test("an attempt that comes back untouched after the expiry ends its task", async () => {
  const clock = new MovedClock();
  const house = await start(await database(), LONG, false, clock);
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x", expires: MINUTE }]);
  await worker.until((w) => w.leases.length === 1);
  clock.wallMs = 61_000;
  const passed = clock.now();
  await until("its expiry has been looked at", () => house.engine.state.expiry.until > passed);
  expect((await getTask(house, id!)).status).toBe(TaskStatus.RUNNING);
  worker.report(worker.leases[0]!, AttemptOutcome.RELEASED);
  expect(await waitForTask(house, id!)).toMatchObject(EXPIRED);
});

test("a task whose message waited for the store until it had expired, expires", async () => {
  const house = await start(await database(), LONG);
  const lane = house.store.hold("before", "catalog.internLanes");
  const submitted = submit(house, [{ command: "x", expires: expiresIn(10) }]);
  await lane.reached;
  const late = Date.now() + 500;
  await until("the sweep has passed its expiry", () => house.engine.state.expiry.until > late);
  lane.release();
  const [id] = await submitted;
  expect(await waitForTask(house, id!)).toMatchObject(EXPIRED);
});

test("what expires while nobody owns the database expires when somebody does", async () => {
  const open = await database();
  const first = await start(open, LONG);
  const [id] = await submit(first, [{ command: "x", expires: expiresIn(50) }]);
  const [later] = await submit(first, [{ command: "x", expires: expiresIn(900) }]);
  await first.close();
  const next = await start(open, LONG, true);
  expect(await waitForTask(next, id!)).toMatchObject(EXPIRED);
  expect(await waitForTask(next, later!)).toMatchObject(EXPIRED);
});

test("an expiry that was decided and never committed is decided again by the next owner", async () => {
  const open = await database();
  const dead = await start(open, { ...LONG, checkpointMs: 20 });
  const [id] = await submit(dead, [{ command: "x", expires: expiresIn(50) }]);
  const flush = dead.store.hold("before", "flush");
  await flush.reached;
  const next = await start(open, LONG, true);
  expect(await waitForTask(next, id!)).toMatchObject(EXPIRED);
  flush.release();
});
