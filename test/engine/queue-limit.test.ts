import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { LimitQueueRequestSchema, PauseQueueRequestSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { LimitedHouse } from "../support/limited-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const QUEUES = ["a", "b"];
const { SUCCEEDED, RELEASED } = AttemptOutcome;

const step = fc.oneof(
  fc.record({
    kind: fc.constant("submit" as const),
    queue: fc.constantFrom(...QUEUES),
    priority: fc.constantFrom(0, 0, 5),
    fairness: fc.constantFrom("", "x", "y", "z"),
    count: fc.integer({ min: 1, max: 15 }),
  }),
  fc.record({ kind: fc.constant("offer" as const), credit: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant("report" as const), index: fc.nat(), outcome: fc.constantFrom(SUCCEEDED, RELEASED) }),
  fc.record({
    kind: fc.constant("limit" as const),
    queue: fc.constantFrom(...QUEUES),
    limit: fc.constantFrom(0, 1, 2, 5),
  }),
  fc.record({ kind: fc.constant("restart" as const) }),
  fc.record({ kind: fc.constant("look" as const) }),
);

/** What must be true whenever nothing is under way. */
async function look(house: LimitedHouse): Promise<void> {
  await house.settled();
  const { items, rooms } = house.state;
  for (const [queue, room] of rooms) {
    const running = [...items.values()].filter((item) => item.state === "running" && item.lane.key.queue === queue);
    expect({ queue, running: room.running }).toEqual({ queue, running: running.length });
  }
  // What can run does: a free slot is left only when each queue is empty or at its limit. Tasks may have to be read first.
  const idle = () =>
    QUEUES.every((queue) => {
      const full = house.running(queue) >= (house.limits.get(queue) ?? Number.POSITIVE_INFINITY);
      return house.credit === 0 || full || house.waiting(queue) === 0;
    });
  await until(`work to be given out (${JSON.stringify([...house.limits])})`, idle);
  await house.settled();
}

test("whatever comes, ends, changes and crashes: never more than the limit runs, and what may run does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const house = await LimitedHouse.open();
      try {
        for (const one of steps)
          if (one.kind === "submit") await house.submit(one.queue, one.priority, one.fairness, one.count);
          else if (one.kind === "offer") house.offer(one.credit);
          else if (one.kind === "report") house.report(one.index, one.outcome);
          else if (one.kind === "limit") await house.limit(one.queue, one.limit);
          else if (one.kind === "restart") await house.restart();
          else await look(house);
        await look(house);
        expect(house.beyond).toEqual([]);
        // In the end everything has run, once.
        house.offer(8);
        while (QUEUES.some((queue) => house.waiting(queue) + house.running(queue) > 0)) {
          while (house.held.length > 0) house.report(0, SUCCEEDED);
          await look(house);
        }
        expect(house.beyond).toEqual([]);
        expect(Object.fromEntries(house.ended)).toEqual(Object.fromEntries(house.submitted));
      } finally {
        await house.close();
      }
    }),
    // A run that waits in vain takes long: it is told as it is.
    { numRuns: Number(process.env["RUNS"] ?? 15), endOnFailure: true },
  );
}, 180_000);

describe("a queue with a limit", () => {
  let house: EngineHouse;
  beforeEach(async () => {
    const store = await sqliteStore.open(await freshSqlite(), { readConnections: 2, failpoint: () => {} });
    house = await startEngine(store);
  });
  afterEach(() => house.close());

  const limit = (name: string, value: number) =>
    house.operations.operator.limitQueue(CALLER, create(LimitQueueRequestSchema, { name, limit: value }));
  const get = async (id: string) =>
    (await house.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id })).task!;

  test("says of what waits that it is throttled, why, and what runs", async () => {
    await limit("mail", 2);
    const worker = new TestWorker(house, { credit: 5 });
    const ids = await submit(house, Array(3).fill({ command: "x", queue: "mail" }));
    await worker.until((w) => w.leases.length === 2);
    expect(await get(ids[2]!)).toMatchObject({ status: TaskStatus.WAITING, reason: TaskReason.THROTTLED });
    const why = await house.operations.tasks.explainTask(CALLER, {
      $typeName: "tss.v1.ExplainTaskRequest",
      id: ids[2]!,
    } as never);
    expect(why.explanations[0]).toMatchObject({ code: "queue_limit", evidence: { running: "2", limit: "2" } });
    expect((await house.operations.operator.listQueues(CALLER)).queues).toMatchObject([{ name: "mail", limit: 2 }]);
    worker.report(worker.leases[0]!);
    await worker.until((w) => w.leases.length === 3);
    expect((await get(ids[2]!)).reason).toBe(TaskReason.EXECUTING);
  });

  test("holds nobody else up, however many lanes it has", async () => {
    await limit("full", 1);
    const worker = new TestWorker(house, { credit: 10 });
    for (let at = 0; at < 3_000; at += 1_000) {
      const tasks = Array.from({ length: 1_000 }, (_, i) => ({
        command: "x",
        queue: "full",
        fairnessKey: `k${at + i}`,
      }));
      await submit(house, tasks);
    }
    const ids = await submit(house, Array(9).fill({ command: "x", queue: "free" }));
    await worker.until((w) => w.leases.length === 10);
    const given = new Set(worker.leases.map(({ id }) => id));
    expect(ids.every((id) => given.has(id))).toBe(true);
    // Each lane of the full queue has its turn.
    worker.succeedAll();
    for (const lease of [...worker.leases]) worker.report(lease, SUCCEEDED, { credit: 1 });
    await worker.until((w) => w.acks.length >= 200);
    expect(new Set(worker.leases.map(({ id }) => id)).size).toBe(worker.leases.length);
  });

  test("gives a place that gets free to the highest priority", async () => {
    await limit("q", 1);
    const worker = new TestWorker(house, { credit: 3 });
    const [first] = await submit(house, [{ command: "x", queue: "q" }]);
    await worker.until((w) => w.leases.length === 1);
    const low = await submit(house, [{ command: "x", queue: "q", priority: -5 }]);
    const high = await submit(house, [{ command: "x", queue: "q", priority: 9 }]);
    const middle = await submit(house, [{ command: "x", queue: "q", priority: 3 }]);
    for (const count of [2, 3, 4]) {
      worker.report(worker.leases.at(-1)!, SUCCEEDED, { credit: 1 });
      await worker.until((w) => w.leases.length === count);
    }
    expect(worker.leases.map(({ id }) => id)).toEqual([first, ...high, ...middle, ...low]);
  });

  test("keeps its limit over a pause, and its pause over a limit, also when both change at once", async () => {
    const { operator } = house.operations;
    const pause = (name: string) => operator.pauseQueue(CALLER, create(PauseQueueRequestSchema, { name, note: "n" }));
    await Promise.all([limit("q", 3), pause("q"), limit("q", 4)]);
    const stored = (await house.engine.state.store.catalog.queues()).find(({ name }) => name === "q");
    expect(stored).toMatchObject({ paused: true, pauseNote: "n", config: '{"limit":4}' });
    expect((await operator.listQueues(CALLER)).queues).toMatchObject([{ name: "q", paused: true, limit: 4 }]);
  });

  test("refuses a limit that is none", async () => {
    await expect(limit("q", 1_000_001)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(limit("No Name", 1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((await limit("q", 1_000_000)).queue?.limit).toBe(1_000_000);
  });
});
