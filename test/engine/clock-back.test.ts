import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { submit, TestWorker } from "../support/engine-house.ts";
import { useEngines } from "../support/engines.ts";
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
