import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { CancelTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";

/** What an engine keeps in memory, gives back to the store, and finds again: the same on every store. */
export function memoryOfEngines(name: string, database: () => Promise<() => Promise<Store>>): void {
  describe(`engines on ${name}`, () => {
    const houses: EngineHouse[] = [];
    afterEach(async () => {
      for (const house of houses.splice(0).reverse()) await house.close();
    });
    const start = async (
      open: () => Promise<Store>,
      config: Parameters<typeof startEngine>[1] = {},
      takeover = false,
    ) => {
      const house = await startEngine(await open(), config, takeover);
      houses.push(house);
      return house;
    };
    const get = async (house: EngineHouse, id: string) => {
      const { task } = await house.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id });
      return task!;
    };
    const counts = async (house: EngineHouse) => (await house.operations.operator.getOverview(CALLER)).counts!;
    const batch = (count: number, spec: object = {}) =>
      Array.from({ length: count }, () => ({ command: "x", ...spec }));

    test("a backlog far beyond memory is drained once each and in order, while more comes in", async () => {
      const house = await start(await database(), { memoryHeads: 150 });
      const idle = new TestWorker(house, { credit: 0 });
      const ids: string[] = [];
      for (let round = 0; round < 10; round++) ids.push(...(await submit(house, batch(300))));
      expect(house.engine.state.memory.heads).toBeLessThanOrEqual(200);
      const seen: string[] = [];
      idle.onLease = (lease) => {
        seen.push(lease.id);
        idle.report(lease, AttemptOutcome.SUCCEEDED, { credit: 1 });
      };
      idle.credit(20);
      for (let round = 0; round < 5; round++) ids.push(...(await submit(house, batch(200))));
      await idle.until((w) => w.acks.length >= 4_000);
      expect(seen).toEqual(ids);
      expect(await counts(house)).toMatchObject({ waiting: 0n, running: 0n, succeeded: 4_000n });
    });

    test("a task that is only in the store can be cancelled, and a refill does not bring it back", async () => {
      const house = await start(await database(), { memoryHeads: 100 });
      const worker = new TestWorker(house);
      const ids = await submit(house, batch(600));
      const gone = ids.slice(400, 500);
      await house.operations.tasks.cancelTasks(CALLER, create(CancelTasksRequestSchema, { ids: gone }));
      worker.succeedAll();
      worker.credit(10);
      await worker.until((w) => w.acks.length >= 500);
      expect(new Set(worker.leases.map(({ id }) => id))).toEqual(new Set(ids.filter((id) => !gone.includes(id))));
      expect(await counts(house)).toMatchObject({ waiting: 0n, cancelled: 100n, succeeded: 500n });
    });

    test("an engine that dies leaves nothing behind and loses nothing", async () => {
      const open = await database();
      const dead = await start(open, { leaseTtlMs: 60_000 });
      const worker = new TestWorker(dead, { credit: 3 });
      const [running, retrying, cancelling] = await submit(dead, [
        { command: "running" },
        { command: "retrying", retry: { limit: 3, interval: { seconds: 0n, nanos: 500_000_000 } } },
        { command: "cancelling" },
      ]);
      await worker.until((w) => w.leases.length === 3);
      worker.report(worker.leases[1]!, AttemptOutcome.FAILED, { reason: TaskReason.EXIT_CODE, exitCode: 1 });
      await worker.until((w) => w.acks.length === 1);
      await dead.operations.tasks.cancelTasks(CALLER, create(CancelTasksRequestSchema, { ids: [cancelling!] }));
      const waiting = await submit(dead, batch(250, { queue: "later" }));
      const [soon] = await submit(dead, [{ command: "soon", delay: { seconds: 0n, nanos: 700_000_000 } }]);
      const [far] = await submit(dead, [{ command: "far", delay: { seconds: 86_400n } }]);

      const next = await start(open, { leaseTtlMs: 60_000 }, true);
      await expect(submit(dead, batch(1))).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect((await dead.stopped).name).toBe("FencedError");
      expect(await counts(next)).toMatchObject({ waiting: 253n, running: 2n });
      expect((await get(next, running!)).reason).toBe(TaskReason.DISCONNECTED);
      const back = new TestWorker(next, { held: worker.leases, sessionId: worker.sessionId });
      expect(back.welcome?.adopted.map(({ id }) => id).sort()).toEqual([running, cancelling].sort());
      expect(back.welcome?.refused.map(({ id }) => id)).toEqual([retrying]);
      await back.until((w) => w.cancels.length === 1);
      expect(back.cancels[0]?.id).toBe(cancelling);
      back.report(worker.leases[0]!);
      back.report(worker.leases[2]!);
      back.succeedAll();
      back.credit(20);
      await back.until((w) => w.acks.length >= 254);
      expect((await get(next, cancelling!)).status).toBe(TaskStatus.CANCELLED);
      expect((await get(next, retrying!)).attempt).toBe(2);
      const done = new Set(back.leases.map(({ id }) => id));
      expect(done).toEqual(new Set([...waiting, retrying, soon]));
      expect((await get(next, far!)).reason).toBe(TaskReason.SCHEDULED);
      expect(await counts(next)).toMatchObject({ waiting: 1n, running: 0n, succeeded: 253n, cancelled: 1n });
    });

    test("a lease that was recorded and never sent goes back when its worker returns, at no cost", async () => {
      const open = await database();
      const dead = await start(open, { leaseTtlMs: 60_000 });
      const worker = new TestWorker(dead, { credit: 1 });
      const [id] = await submit(dead, [{ command: "x" }]);
      await worker.until((w) => w.leases.length === 1);
      const next = await start(open, { leaseTtlMs: 60_000 }, true);
      // The worker knows its session and nothing of the lease: it died on the way.
      const back = new TestWorker(next, { sessionId: worker.sessionId, held: [], credit: 1 });
      expect(back.sessionId).toBe(worker.sessionId);
      await back.until((w) => w.leases.length === 1);
      expect(back.leases[0]).toMatchObject({ id, attempt: 1 });
      expect(back.leases[0]!.token).toBeGreaterThan(worker.leases[0]!.token);
      const before = { id: id!, token: worker.leases[0]!.token };
      back.report(before);
      back.report(back.leases[0]!);
      await back.until((w) => w.acks.length === 2);
      expect(back.acks.map(({ accepted }) => accepted)).toEqual([false, true]);
      expect((await get(next, id!)).attempts.map(({ outcome }) => outcome)).toEqual([
        AttemptOutcome.RELEASED,
        AttemptOutcome.SUCCEEDED,
      ]);
    });

    test("a lease that was recorded goes back at no cost, though its worker never heard the welcome", async () => {
      const open = await database();
      const dead = await start(open, { leaseTtlMs: 60_000 });
      const sessionId = "w_chosen-by-the-worker-0123456789";
      const first = new TestWorker(dead, { sessionId, credit: 1 });
      expect(first.sessionId).toBe(sessionId);
      const [id] = await submit(dead, [{ command: "x" }]);
      await first.until((w) => w.leases.length === 1);
      const next = await start(open, { leaseTtlMs: 60_000 }, true);
      const back = new TestWorker(next, { sessionId, held: [], credit: 1 });
      await back.until((w) => w.leases.length === 1);
      expect(back.leases[0]).toMatchObject({ id, attempt: 1 });
      // Nobody is given an id that can be guessed, and that of a lost session stands for a new one with nothing in it.
      expect(new TestWorker(next, { sessionId: "w_mine" }).sessionId).not.toBe("w_mine");
    });

    test("retention never takes what a recovery needs, however long ago the last checkpoint was", async () => {
      const open = await database();
      const config = { segmentRows: 200, retentionMs: 50, janitorMs: 20, checkpointMs: 3_600_000 };
      const dead = await start(open, config);
      const worker = new TestWorker(dead, { queues: ["busy"] });
      worker.succeedAll();
      worker.credit(50);
      const waiting = await submit(dead, batch(3, { queue: "idle" }));
      for (let done = 0; done < 2_000; ) {
        await submit(dead, batch(100, { queue: "busy" }));
        done += 100;
        await worker.until((w) => w.acks.length >= done);
      }
      const late = await submit(dead, batch(2, { queue: "idle" }));
      const { segments } = dead.engine.state;
      // Some were emptied: else there is nothing to see.
      expect(segments.newestFirst.length - 1).toBeLessThan(segments.open.generation);
      const next = await start(open, config, true);
      expect(await counts(next)).toMatchObject({ waiting: 5n, running: 0n, succeeded: 2_000n });
      const taker = new TestWorker(next, { credit: 5, queues: ["idle"] });
      await taker.until((w) => w.leases.length === 5);
      expect(taker.leases.map(({ id }) => id).sort()).toEqual([...waiting, ...late].sort());
    });

    test("50 000 tasks nobody serves do not delay one that is served", async () => {
      const house = await start(await database());
      for (let round = 0; round < 50; round++)
        await submit(
          house,
          Array.from({ length: 1_000 }, (_, at) => ({
            command: "x",
            selector: { gpu: String(at % 100) },
            fairnessKey: `tenant-${round}`,
          })),
        );
      const worker = new TestWorker(house, { credit: 1 });
      const [served] = await submit(house, [{ command: "x", priority: -100 }]);
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]?.id).toBe(served);
    }, 180_000);

    test("a ring of 1 000-row segments wraps with five tasks standing in it, and every one is found by its id", async () => {
      const house = await start(await database(), {
        segmentRows: 1_000,
        retentionMs: 300,
        janitorMs: 50,
        leaseTtlMs: 60_000,
      });
      await house.operations.operator.pauseQueue(CALLER, {
        $typeName: "tss.v1.PauseQueueRequest",
        name: "held",
        note: "",
      });
      const holder = new TestWorker(house, { credit: 1, queues: ["pinned"] });
      const [running] = await submit(house, [{ command: "x", queue: "pinned" }]);
      await holder.until((w) => w.leases.length === 1);
      const flaky = new TestWorker(house, { credit: 0, queues: ["flaky"] });
      flaky.onLease = (lease) => flaky.report(lease, AttemptOutcome.FAILED, { exitCode: 1, credit: 1 });
      flaky.credit(1);
      const [retried] = await submit(house, [
        {
          command: "x",
          queue: "flaky",
          retry: { limit: 99, interval: { seconds: 2n }, backoff: 1 },
        },
      ]);
      const [delayed] = await submit(house, [{ command: "x", delay: { seconds: 259_200n } }]);
      const [paused] = await submit(house, [{ command: "x", queue: "held" }]);
      const keyed = { command: "x", queue: "held", idempotencyKey: "pinned-key" };
      const [key] = await submit(house, [keyed]);
      const pinned = [running!, retried!, delayed!, paused!, key!];
      const worker = new TestWorker(house, { queues: ["busy"] });
      worker.succeedAll();
      worker.credit(100);
      const wrapped = () => Math.max(...house.engine.state.segments.newestFirst);
      const generation = () => house.engine.state.segments.open.generation;
      let submitted = 0;
      // Three times round whatever number of segments the ring has come to.
      while (generation() < 3 * (wrapped() + 1) + 1 && submitted < 60_000) {
        await submit(house, batch(500, { queue: "busy" }));
        submitted += 500;
        await worker.until((w) => w.acks.length >= submitted);
      }
      expect(generation()).toBeGreaterThanOrEqual(3 * wrapped());
      for (const id of pinned) expect((await get(house, id)).status).toBeLessThan(TaskStatus.SUCCEEDED);
      expect(await submit(house, [keyed])).toEqual([key]);
      holder.report(holder.leases[0]!);
      await holder.until((w) => w.acks.length === 1);
      expect((await get(house, running!)).status).toBe(TaskStatus.SUCCEEDED);
      await house.operations.operator.resumeQueue(CALLER, { $typeName: "tss.v1.ResumeQueueRequest", name: "held" });
      const rest = new TestWorker(house, { credit: 2, queues: ["held"] });
      await rest.until((w) => w.leases.length === 2);
      expect(rest.leases.map(({ id }) => id).sort()).toEqual([paused, key].sort());
      await until("it to be retried", async () => (await get(house, retried!)).attempt > 1);
      expect((await get(house, delayed!)).reason).toBe(TaskReason.SCHEDULED);
    }, 180_000);
  });
}
