import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { countTasks, type Open, useEngines } from "../support/engines.ts";
import { heldStore } from "../support/held-store.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();
/** What is counted is told by the flush rows alone. */
const NO_CHECKPOINTS = { checkpointMs: 3_600_000 };
const opener = async (): Promise<Open> => {
  const url = await freshSqlite();
  return () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
};

test("a task that its idempotency key has kept out is counted by no later owner, whatever was written since", async () => {
  const open = await opener();
  const first = await start(open, NO_CHECKPOINTS);
  const keyed = { command: "x", idempotencyKey: "order-1" };
  for (const _ of [1, 2]) await submit(first, [keyed]);
  expect(await countTasks(first)).toMatchObject({ waiting: 1n });
  // It dies here: nothing has told yet that the second one was kept out.
  const second = await start(open, NO_CHECKPOINTS, true);
  expect(await countTasks(second)).toMatchObject({ waiting: 1n });
  // A row of the same shard that has nothing to do with it.
  await submit(second, [{ command: "x", queue: "other", idempotencyKey: "order-1b" }]);
  const others = Array.from({ length: 40 }, (_, index) => ({
    command: "x",
    queue: "other",
    idempotencyKey: `o-${index}`,
  }));
  await submit(second, others);
  const third = await start(open, NO_CHECKPOINTS, true);
  expect(await countTasks(third)).toMatchObject({ waiting: 42n });
});

test("a task that ends while its shard is still being read is counted off what the shard had", async () => {
  const open = await opener();
  const first = await start(open);
  await submit(first, [{ command: "x", expires: { seconds: 60n, nanos: 0 } }]);
  const worker = new TestWorker(first, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  worker.report(worker.leases[0]!, AttemptOutcome.RELEASED);
  await worker.until((w) => w.acks.length === 1);
  // Nobody has it when it expires.
  const clock = new MovedClock();
  clock.wallMs = 120_000;
  const store = heldStore(await open());
  const reading = store.hold("before", "recovery.delayedAfter");
  const ended = store.hold("after", "flush");
  const starting = start(async () => store, {}, true, clock);
  await reading.reached;
  await ended.reached;
  ended.release();
  reading.release();
  const second = await starting;
  expect(await countTasks(second)).toMatchObject({ waiting: 0n, failed: 1n });
  for (const lane of second.engine.state.lanes.values()) expect(lane.open.size).toBe(0);
});
