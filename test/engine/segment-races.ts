import { describe, expect, test } from "@jest/globals";
import type { Flusher } from "../../coordinator/engine/flusher.ts";
import { writeCheckpoints } from "../../coordinator/engine/janitor.ts";
import { shardOfKey } from "../../coordinator/engine/place.ts";
import type { ReclaimResult } from "../../coordinator/ports/store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { AttemptOutcome, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { submit, TestWorker } from "../support/engine-house.ts";
import { countTasks, getTask, type Open, useEngines } from "../support/engines.ts";
import { MovedClock } from "../support/moved-clock.ts";
import { until } from "../support/until.ts";
import { keys } from "./shard-keys.ts";

/** Races of an owner with the opening and the emptying of segments, each held open by the test: the same on every store. */
export function racesOfSegments(name: string, database: () => Promise<Open>): void {
  describe(`races over segments on ${name}`, () => {
    const start = useEngines();

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
      const clock = new MovedClock();
      const house = await start(await database(), { segmentRows: 50, retentionMs: 50, janitorMs: 50 }, false, clock);
      const emptied = (_: unknown, result: unknown) => (result as ReclaimResult).outcome === "reclaimed";
      const reclaim = house.store.hold("after", "segments.reclaim", emptied);
      const [id] = await submit(house, [{ command: "x", expires: { seconds: 60n } }]);
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
      clock.wallMs = 61_000;
      await until("it was missed", () => missed > 0);
      // What has ended stays to be looked at: its retention is over before a slow machine has looked.
      house.store.hold("before", "segments.pruneLater");
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
