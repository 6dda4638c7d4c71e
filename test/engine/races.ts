import { describe, expect, test } from "@jest/globals";
import { cancelTask } from "../../coordinator/engine/cancel.ts";
import { committed } from "../../coordinator/engine/committed.ts";
import type { Flusher } from "../../coordinator/engine/flusher.ts";
import { writeCheckpoints } from "../../coordinator/engine/janitor.ts";
import { shardOfKey } from "../../coordinator/engine/place.ts";
import type { Checkpoint, FlushBatch, ReclaimResult } from "../../coordinator/ports/store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { AttemptOutcome, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, countTasks, getTask, type Open, useEngines } from "../support/engines.ts";
import { until } from "../support/until.ts";

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

    test("a segment whose opening was in doubt is known before anything is written to it", async () => {
      const open = await database();
      const config = { segmentRows: 50, leaseTtlMs: 60_000 };
      const dead = await start(open, config);
      const { segments } = dead.engine.state;
      const opening = dead.store.hold("after", "segments.open");
      const batch = () => Array.from({ length: 60 }, () => ({ command: "x" }));
      const ids = await submit(dead, batch());
      await opening.reached;
      // Committed, and the answer is lost.
      opening.fail(new StoreUnavailableError("the connection is gone", true));
      ids.push(...(await submit(dead, batch())));
      const generations = segments.sealedBefore(Number.MAX_SAFE_INTEGER).map(({ generation }) => generation);
      expect([...generations, segments.open.generation]).toEqual([1, 2]);
      const next = await start(open, config, true);
      for (const id of [ids[0]!, ids[60]!, ids[119]!])
        expect((await getTask(next, id)).status).toBe(TaskStatus.WAITING);
      const worker = new TestWorker(next);
      worker.succeedAll();
      worker.credit(50);
      await worker.until((w) => w.acks.length === 120);
    });

    test("ends of tasks whose segment was emptied in doubt go to where the tasks are", async () => {
      const open = await database();
      const config = { segmentRows: 50, retentionMs: 50, janitorMs: 50, leaseTtlMs: 60_000 };
      const house = await start(open, config);
      const holder = new TestWorker(house, { credit: 1, queues: ["pinned"] });
      await submit(house, [{ command: "x", queue: "pinned" }]);
      await holder.until((w) => w.leases.length === 1);
      const emptied = (_: unknown, result: unknown) => (result as ReclaimResult).outcome === "reclaimed";
      const reclaim = house.store.hold("after", "segments.reclaim", emptied);
      const busy = new TestWorker(house, { queues: ["default"] });
      busy.succeedAll();
      busy.credit(50);
      for (let round = 0; round < 3; round++)
        await submit(
          house,
          Array.from({ length: 60 }, () => ({ command: "x" })),
        );
      await reclaim.reached;
      holder.report(holder.leases[0]!);
      reclaim.fail(new StoreUnavailableError("the connection is gone", true));
      await holder.until((w) => w.acks.length === 1);
      await busy.until((w) => w.acks.length === 180);
      const next = await start(open, config, true);
      expect(await countTasks(next)).toMatchObject({ waiting: 0n, running: 0n, succeeded: 181n });
      expect(next.engine.state.items.size).toBe(0);
    });

    test("tasks whose segment is emptied while they are read are started all the same, and found meanwhile", async () => {
      const open = await database();
      const first = await start(open, { segmentRows: 50 });
      const key = keys((text) => shardOfKey(text, first.engine.state.shards.count) === 0);
      const ids: string[] = [];
      for (let round = 1; round < 4; round++) {
        const specs = Array.from({ length: 60 }, () => ({ command: "x", idempotencyKey: key() }));
        ids.push(...(await submit(first, specs)));
        await until("the next segment is open", () => first.engine.state.segments.open.generation > round);
      }
      await first.close();
      // After a restart nothing of them is in memory.
      const house = await start(open, { segmentRows: 50, retentionMs: 50, janitorMs: 50 }, true);
      const emptied = (_: unknown, result: unknown) => (result as ReclaimResult).outcome === "reclaimed";
      const reclaim = house.store.hold("after", "segments.reclaim", emptied);
      // Its tasks lie elsewhere now; the answer that says so is on its way.
      await reclaim.reached;
      const refill = house.store.hold("after", "recovery.refill");
      const worker = new TestWorker(house);
      await refill.reached;
      refill.release();
      const [window] = [...house.engine.state.lanes.values()].flatMap((lane) => [...lane.windows()]);
      await until("nothing is being read", () => window?.refilling === false);
      for (const id of [ids[0]!, ids[179]!]) expect((await getTask(house, id)).status).toBe(TaskStatus.WAITING);
      reclaim.release();
      worker.succeedAll();
      worker.credit(50);
      await worker.until((w) => w.acks.length === ids.length);
      expect(new Set(worker.leases.map(({ id }) => id))).toEqual(new Set(ids));
    });

    test("a task that moves while its expiry is looked for expires", async () => {
      const house = await start(await database(), { segmentRows: 50, retentionMs: 50, janitorMs: 50 });
      const emptied = (_: unknown, result: unknown) => (result as ReclaimResult).outcome === "reclaimed";
      const reclaim = house.store.hold("after", "segments.reclaim", emptied);
      const expires = { seconds: 1n, nanos: 0 };
      const [id] = await submit(house, [{ command: "x", expires }]);
      await submit(
        house,
        Array.from({ length: 60 }, () => ({ command: "x" })),
      );
      // As a read that was made before the move and comes back after it: it finds the task nowhere.
      const before = house.store.recovery.expired;
      let missed = 0;
      house.store.recovery.expired = async (...asked) => {
        const rows = await before(...asked);
        if (!house.engine.state.segments.isEmptying(1)) return rows;
        missed += rows.length;
        return [];
      };
      await reclaim.reached;
      await until("it was missed", () => missed > 0);
      reclaim.release();
      await until("it has expired", async () => (await getTask(house, id!)).status === TaskStatus.FAILED);
    });

    test("flush rows of a segment in which a shard got no task are not forgotten", async () => {
      const open = await database();
      const config = { checkpointMs: 3_600_000, segmentRows: 50, leaseTtlMs: 60_000 };
      const dead = await start(open, config);
      const worker = new TestWorker(dead, { credit: 1 });
      const [running] = await submit(dead, [{ command: "x" }]);
      await worker.until((w) => w.leases.length === 1);
      // The only checkpoint there is; nothing is under way.
      const idle = { between: (run: () => Promise<void>) => run() } as unknown as Flusher;
      await writeCheckpoints(dead.engine.state, idle);
      const shard = dead.engine.state.ids.decode(running!)?.shard;
      const others = keys((key) => shardOfKey(key, dead.engine.state.shards.count) !== shard);
      const rotate = async () => {
        const { generation } = dead.engine.state.segments.open;
        const specs = Array.from({ length: 60 }, () => ({ command: "x", queue: "waits", idempotencyKey: others() }));
        await submit(dead, specs);
        await until("the next segment is open", () => dead.engine.state.segments.open.generation > generation);
      };
      await rotate();
      worker.report(worker.leases[0]!, AttemptOutcome.SUCCEEDED);
      await worker.until((w) => w.acks.length === 1);
      await rotate();
      const last = await start(open, config, true);
      expect(await countTasks(last)).toMatchObject({ succeeded: 1n, waiting: 120n });
    });
  });
}

/** Idempotency keys for which this holds. */
function keys(holds: (key: string) => boolean, name = "key"): () => string {
  let made = 0;
  return () => {
    for (;;) {
      const key = `${name}-${made++}`;
      if (holds(key)) return key;
    }
  };
}
