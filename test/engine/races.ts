import { describe, expect, test } from "@jest/globals";
import { cancelTask } from "../../coordinator/engine/cancel.ts";
import { committed } from "../../coordinator/engine/committed.ts";
import { shardOfKey } from "../../coordinator/engine/place.ts";
import type { Checkpoint, FlushBatch } from "../../coordinator/ports/store.ts";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, countTasks, getTask, type Open, useEngines } from "../support/engines.ts";
import { until } from "../support/until.ts";
import { keys } from "./shard-keys.ts";

const DELAY_300_MS = { seconds: 0n, nanos: 300_000_000 };
const DELAY_500_MS = { seconds: 0n, nanos: 500_000_000 };

/** Races of an owner with its own store, each held open by the test: the same on every store. */
export function racesOfEngines(name: string, database: () => Promise<Open>): void {
  describe(`races on ${name}`, () => {
    const start = useEngines();

    test("tasks with idempotency keys in a lane deeper than memory are all given out", async () => {
      const house = await start(await database());
      const key = keys((text) => shardOfKey(text, house.engine.state.shards.count) === 0);
      const ids: string[] = [];
      // Beyond what a lane that nobody serves keeps in memory.
      for (let round = 0; round < 12; round++) {
        const specs = Array.from({ length: 50 }, () => ({ command: "x", idempotencyKey: key() }));
        ids.push(...(await submit(house, specs)));
      }
      const worker = new TestWorker(house);
      worker.succeedAll();
      worker.credit(10);
      await worker.until((w) => w.acks.length >= 600);
      expect(new Set(worker.leases.map(({ id }) => id))).toEqual(new Set(ids));
    });

    test("two copies of a message in one flush make its tasks once", async () => {
      const house = await start(await database());
      await submit(house, [{ command: "its lane is known from now on" }]);
      const busy = house.store.hold("before", "flush");
      const before = submit(house, [{ command: "blocks" }]);
      await busy.reached;
      // The client has given up waiting and sends it again a little later; neither copy is written yet.
      const sentAt = Date.now();
      const copies = [submit(house, [{ command: "a" }, { command: "b" }], "one-request")];
      await until("the clock has moved on", () => Date.now() > sentAt);
      copies.push(submit(house, [{ command: "a" }, { command: "b" }], "one-request"));
      busy.release();
      await before;
      const [one, two] = await Promise.all(copies);
      expect(two).toEqual(one);
      expect(await countTasks(house)).toMatchObject({ waiting: 4n });
    });

    test("who waits for what is decided waits for all of it, however many flushes that takes", async () => {
      const house = await start(await database());
      const ids: string[] = [];
      const thousand = Array.from({ length: 1_000 }, () => ({ command: "x" }));
      for (let round = 0; round < 5; round++) ids.push(...(await submit(house, thousand)));
      const busy = house.store.hold("before", "flush");
      void submit(house, [{ command: "blocks" }]);
      await busy.reached;
      const { state } = house.engine;
      const cancelled = ids.map((id) => cancelTask(state, state.ids.decode(id)!, "test"));
      let open = cancelled.length;
      for (const cancel of cancelled) void cancel.then(() => open--);
      await until("every cancel is decided", () => state.pending.ends.length === ids.length);
      const last = house.store.hold("before", "flush", ([batch]) => (batch as FlushBatch).ends.length === 1_000);
      let told = false;
      const all = committed(state).then(() => {
        told = true;
      });
      busy.release();
      await last.reached;
      await new Promise(setImmediate);
      expect(open).toBe(1_000);
      expect(told).toBe(false);
      last.release();
      await all;
      expect(await countTasks(house)).toMatchObject({ cancelled: 5_000n, waiting: 1n });
    });

    test("a cancel that was never committed leaves the task where a recovery finds it", async () => {
      const open = await database();
      const dead = await start(open, { checkpointMs: 20 });
      const [id] = await submit(dead, [{ command: "x" }]);
      const busy = dead.store.hold("before", "flush");
      void submit(dead, [{ command: "blocks", queue: "other" }]).catch(() => {});
      await busy.reached;
      // Decided while a flush is under way: the checkpoint comes between that flush and the one with the cancel.
      void cancelTasks(dead, [id!]);
      const checkpoint = dead.store.hold("after", "recovery.writeCheckpoints", ([written]) =>
        (written as Checkpoint[]).some(({ body }) => Buffer.from(body).includes("other")),
      );
      const lost = dead.store.hold("before", "flush");
      const waitsSince = Date.now();
      await until("the beat of checkpoints waits for the flush", () => Date.now() > waitsSince + 60);
      busy.release();
      await checkpoint.reached;
      await lost.reached;
      const next = await start(open, {}, true);
      const worker = new TestWorker(next, { credit: 5, queues: ["default"] });
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]?.id).toBe(id);
      checkpoint.release();
      lost.release();
    });

    test("a task cancelled while the scan for due ones reads it never starts", async () => {
      const house = await start(await database(), { horizonMs: 200 });
      const [id] = await submit(house, [{ command: "x", delay: DELAY_500_MS }]);
      const scan = house.store.hold("after", "recovery.due", (_, rows) => (rows as unknown[]).length > 0);
      await scan.reached;
      const flush = house.store.hold("before", "flush");
      const cancelled = cancelTasks(house, [id!]);
      await flush.reached;
      scan.release();
      await new Promise(setImmediate);
      flush.release();
      await cancelled;
      const worker = new TestWorker(house, { credit: 5 });
      const [later] = await submit(house, [{ command: "later", delay: DELAY_500_MS }]);
      await worker.until((w) => w.leases.some((lease) => lease.id === later));
      expect(worker.leases.map((lease) => lease.id)).toEqual([later]);
      expect((await getTask(house, id!)).status).toBe(TaskStatus.CANCELLED);
    });

    test("a delayed task starts in time however long its submit waited for the store", async () => {
      const house = await start(await database(), { horizonMs: 200 });
      const lane = house.store.hold("before", "catalog.internLanes");
      const dueAt = Date.now() + 300;
      const submitted = submit(house, [{ command: "x", delay: DELAY_300_MS }]);
      await lane.reached;
      await until("the scan for due ones has passed it", () => house.engine.state.laterUntil > dueAt + 100);
      lane.release();
      const [id] = await submitted;
      const worker = new TestWorker(house, { credit: 1 });
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]?.id).toBe(id);
    });

    test("the oldest task of a lane is first, though its shard is the last to be read after a restart", async () => {
      const open = await database();
      const first = await start(open);
      const shards = first.engine.state.shards.count;
      const ids: string[] = [];
      for (let round = 0; round < 6; round++) {
        const at = Date.now();
        await until("the clock has moved on", () => Date.now() > at);
        const key = keys((text) => shardOfKey(text, shards) === round % 3, `round-${round}`);
        const specs = Array.from({ length: 20 }, () => ({ command: "x", idempotencyKey: key() }));
        ids.push(...(await submit(first, specs)));
      }
      await first.close();
      const next = await start(open, {}, true);
      const oldest = next.store.hold("after", "recovery.refill", ([, shard]) => shard === 0);
      const worker = new TestWorker(next);
      worker.succeedAll();
      worker.credit(3);
      await oldest.reached;
      await until("the others have been read", () => next.engine.state.memory.heads >= 80);
      expect(worker.leases).toEqual([]);
      oldest.release();
      await worker.until((w) => w.acks.length === ids.length);
      expect(worker.leases.map(({ id }) => id)).toEqual(ids);
    });

    test("a message that came twice does not hold up a lane deeper than memory", async () => {
      const house = await start(await database(), { memoryHeads: 10, leaseTtlMs: 60_000 });
      const worker = new TestWorker(house);
      const { shards, placing } = house.engine.state;
      // All without a key go to shard 0.
      Object.assign(placing, { shard: 0, left: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY });
      const five = Array.from({ length: 5 }, () => ({ command: "x" }));
      const ids: string[] = [];
      for (let round = 0; round < 8; round++) ids.push(...(await submit(house, five, `message-${round}`)));
      expect(await submit(house, five, "message-7")).toEqual(ids.slice(35));
      const key = keys((text) => shardOfKey(text, shards.count) === 1);
      ids.push(...(await submit(house, [{ command: "x", idempotencyKey: key() }])));
      worker.succeedAll();
      worker.credit(1);
      await worker.until((w) => w.acks.length === ids.length);
      expect(worker.leases.map(({ id }) => id)).toEqual(ids);
    });
  });
}
