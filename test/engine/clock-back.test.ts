import { expect, test } from "@jest/globals";
import { readCheckpoint } from "../../coordinator/engine/checkpoint.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { useEngines, waitForTask } from "../support/engines.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const start = useEngines();

test("a delayed task of a time when the clock was set back is found by an owner whose clock is right again", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await start(open, { horizonMs: 1_000 });
  // Keys spread over every shard; a worker that has none of this queue leaves them alone.
  const keyed = Array.from({ length: 40 }, (_, index) => ({
    command: "x",
    queue: "other",
    idempotencyKey: `key-${index}`,
  }));
  await submit(first, keyed);
  const { recovery } = first.store;
  await until("every shard has a checkpoint", async () => (await recovery.checkpoints()).length === 4);
  const clock = new MovedClock();
  clock.wallMs = -100_000;
  const second = await start(open, { horizonMs: 1_000, checkpointMs: 3_600_000 }, true, clock);
  const [id] = await submit(second, [{ command: "x", delay: { seconds: 5n, nanos: 0 } }]);
  // It dies here. By the right clock the task has been due for long.
  const third = await start(open, { horizonMs: 1_000 }, true);
  const worker = new TestWorker(third, { credit: 1, queues: ["default"] });
  await worker.until((w) => w.leases.length === 1);
  expect(worker.leases[0]!.id).toBe(id);
});

test("a task that a scan has read is taken in hand though the clock is set back before the answer comes", async () => {
  const url = await freshSqlite();
  const clock = new MovedClock();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const house = await start(open, { horizonMs: 1_000 }, false, clock);
  const read = house.store.hold("after", "recovery.due", (_args, rows) => (rows as readonly unknown[]).length > 0);
  const [id] = await submit(house, [{ command: "x", delay: { seconds: 1n, nanos: 500_000_000 } }]);
  await read.reached;
  clock.wallMs = -900;
  read.release();
  const worker = new TestWorker(house, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  expect(worker.leases[0]!.id).toBe(id);
});

test("an attempt of an owner before that only a later scan finds has a term to be named, and then goes on", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await start(open, { horizonMs: 1_000 });
  const [id] = await submit(first, [{ command: "x", retry: { limit: 1 }, delay: { seconds: 100n } }]);
  const { shard, seq } = first.engine.state.ids.decode(id!)!;
  // The checkpoint covers its number, and does not have it in hand: its time is far.
  await until("a checkpoint covers it", async () => {
    const found = (await first.store.recovery.checkpoints()).find((one) => one.shard === shard);
    return found !== undefined && readCheckpoint(found.body).floor >= seq;
  });
  const ahead = new MovedClock();
  ahead.wallMs = 100_000;
  const second = await start(open, { horizonMs: 1_000, checkpointMs: 3_600_000 }, true, ahead);
  const worker = new TestWorker(second, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  // It dies, and the clock of the next one is set back: its first scan does not come so far.
  const clock = new MovedClock();
  const third = await start(open, { horizonMs: 1_000, leaseTtlMs: 1_000 }, true, clock);
  expect(third.engine.state.items.get(third.engine.state.ids.decode(id!)!)).toBeUndefined();
  clock.wallMs = 110_000;
  const taker = new TestWorker(third, { credit: 1 });
  const beat = setInterval(() => taker.beat(), 50);
  await taker.until((w) => w.leases.length === 1).finally(() => clearInterval(beat));
  expect(taker.leases[0]).toMatchObject({ id, attempt: 2 });
});

test("a task of a time when the clock was set back expires under the next owner, too", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await start(open);
  await until("it has looked for what expires", () => first.engine.state.expiry.until > 0);
  const keyed = Array.from({ length: 40 }, (_, index) => ({
    command: "x",
    queue: "other",
    idempotencyKey: `key-${index}`,
  }));
  await submit(first, keyed);
  await until("every shard has a checkpoint that has looked for what expires", async () => {
    const found = await first.store.recovery.checkpoints();
    return found.length === 4 && found.every(({ body }) => readCheckpoint(body).expired > 0);
  });
  const clock = new MovedClock();
  clock.wallMs = -100_000;
  const second = await start(open, { checkpointMs: 3_600_000 }, true, clock);
  const [id] = await submit(second, [{ command: "x", expires: { seconds: 5n } }]);
  // It dies here. By the right clock the task has waited too long.
  const third = await start(open, {}, true);
  expect(await waitForTask(third, id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.EXPIRED });
});
