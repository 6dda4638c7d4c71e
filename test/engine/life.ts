// Over 300 lines: one life of a task, told on each store from the same house and the same few helpers.
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { CancelTasksRequestSchema, RetryTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";

/** The life of tasks on one store: every plugin must show the same. */
export function lifeOfTasks(name: string, open: () => Promise<Store>): void {
  describe(`tasks on ${name}`, () => {
    let house: EngineHouse;
    beforeEach(async () => {
      house = await startEngine(await open());
    });
    afterEach(async () => {
      await house.close();
    });

    const get = async (id: string) => {
      const { task } = await house.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id });
      if (task === undefined) throw new Error("no task");
      return task;
    };
    const cancel = async (id: string) => {
      const { results } = await house.operations.tasks.cancelTasks(
        CALLER,
        create(CancelTasksRequestSchema, { ids: [id] }),
      );
      return results[0]!;
    };
    const waitFor = (id: string) =>
      house.operations.tasks.waitTask(
        CALLER,
        { $typeName: "tss.v1.WaitTaskRequest", id } as never,
        new AbortController().signal,
      );

    test("a task is leased, reported and succeeds", async () => {
      const worker = new TestWorker(house, { credit: 1 });
      const [id] = await submit(house, [{ command: "true" }]);
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]).toMatchObject({ id, attempt: 1, maxAttempts: 1 });
      expect((await get(id!)).status).toBe(TaskStatus.RUNNING);
      worker.report(worker.leases[0]!, AttemptOutcome.SUCCEEDED, { exitCode: 0, data: Buffer.from("{}") });
      await worker.until((w) => w.acks.length === 1);
      expect(worker.acks[0]).toMatchObject({ id, accepted: true });
      const task = await get(id!);
      expect(task).toMatchObject({ status: TaskStatus.SUCCEEDED, attempt: 1, exitCode: 0 });
      expect(task.attempts).toHaveLength(1);
      expect(task.attempts[0]).toMatchObject({
        number: 1,
        outcome: AttemptOutcome.SUCCEEDED,
        workerName: "test-worker",
      });
      expect(Buffer.from(task.result!.data).toString()).toBe("{}");
    });

    test("a failed attempt is retried while attempts remain, then the task fails", async () => {
      const worker = new TestWorker(house, { credit: 2 });
      const [id] = await submit(house, [
        { command: "false", retry: { limit: 1, interval: { seconds: 0n, nanos: 1 } } },
      ]);
      for (const attempt of [1, 2]) {
        await worker.until((w) => w.leases.length === attempt);
        worker.report(worker.leases[attempt - 1]!, AttemptOutcome.FAILED, {
          reason: TaskReason.EXIT_CODE,
          exitCode: 3,
        });
      }
      await waitFor(id!);
      const task = await get(id!);
      expect(task).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.EXIT_CODE, exitCode: 3, attempt: 2 });
      expect(task.attempts.map((attempt) => attempt.outcome)).toEqual([AttemptOutcome.FAILED, AttemptOutcome.FAILED]);
    });

    test("what had begun and is given back costs no attempt, as often as the task allows", async () => {
      const [id] = await submit(house, [{ command: "x", retry: { releaseLimit: 1 } }]);
      const worker = new TestWorker(house, { credit: 5 });
      const startedAt = { $typeName: "google.protobuf.Timestamp", seconds: 1n, nanos: 0 } as const;
      const giveBack = async (leases: number, begun: boolean) => {
        await worker.until((w) => w.leases.length === leases);
        worker.report(worker.leases[leases - 1]!, AttemptOutcome.RELEASED, begun ? { startedAt } : {});
        await worker.until((w) => w.acks.length === leases);
      };
      await giveBack(1, false);
      await giveBack(2, true);
      await worker.until((w) => w.leases.length === 3);
      // Output is kept by the number of the attempt: the one that had begun keeps its own.
      expect(worker.leases.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
      const running = await get(id!);
      expect([running.status, running.attempt, running.maxAttempts]).toEqual([TaskStatus.RUNNING, 1, 1]);
      expect(running.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
        [1, AttemptOutcome.RELEASED],
        [1, AttemptOutcome.RELEASED],
        [2, AttemptOutcome.UNSPECIFIED],
      ]);
      expect(running.attempts[1]?.startedAt?.seconds).toBe(1n);
      await giveBack(3, true);
      await waitFor(id!);
      const task = await get(id!);
      expect(task).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.LOST, attempt: 1 });
      expect(task.attempts.at(-1)).toMatchObject({
        number: 2,
        outcome: AttemptOutcome.FAILED,
        reason: TaskReason.LOST,
      });
    });

    test("the second report of an attempt is acknowledged and changes nothing; an old token is refused", async () => {
      const worker = new TestWorker(house, { credit: 2 });
      const [id] = await submit(house, [{ command: "x", retry: { limit: 1, interval: { seconds: 0n, nanos: 0 } } }]);
      await worker.until((w) => w.leases.length === 1);
      const first = worker.leases[0]!;
      worker.report(first, AttemptOutcome.FAILED, { exitCode: 1 });
      await worker.until((w) => w.leases.length === 2);
      worker.report(first, AttemptOutcome.SUCCEEDED);
      await worker.until((w) => w.acks.length === 2);
      expect(worker.acks[1]).toMatchObject({ token: first.token, accepted: false });
      const second = worker.leases[1]!;
      worker.report(second);
      worker.report(second);
      await worker.until((w) => w.acks.length === 4);
      expect(worker.acks.slice(2).map((ack) => ack.accepted)).toEqual([true, true]);
      expect((await get(id!)).status).toBe(TaskStatus.SUCCEEDED);
    });

    test("waiting work is cancelled at once; running work is told, and ends cancelled whatever it reports", async () => {
      const [waiting] = await submit(house, [{ command: "x" }]);
      expect(await cancel(waiting!)).toMatchObject({ changed: true });
      expect((await get(waiting!)).status).toBe(TaskStatus.CANCELLED);
      expect(await cancel(waiting!)).toMatchObject({ changed: false });

      const worker = new TestWorker(house, { credit: 1 });
      const [id] = await submit(house, [{ command: "x" }]);
      await worker.until((w) => w.leases.length === 1);
      const answer = await cancel(id!);
      expect(answer.result.value).toMatchObject({ status: TaskStatus.RUNNING, reason: TaskReason.CANCELLING });
      await worker.until((w) => w.cancels.length === 1);
      worker.report(worker.leases[0]!);
      await waitFor(id!);
      expect(await get(id!)).toMatchObject({ status: TaskStatus.CANCELLED, reason: TaskReason.ABORTED });
    });

    test("a task that ended before its first attempt has no token: a report without one is refused", async () => {
      const [id] = await submit(house, [{ command: "x" }]);
      await cancel(id!);
      const worker = new TestWorker(house);
      worker.report({ id: id!, token: 0 });
      await worker.until((w) => w.acks.length === 1);
      expect(worker.acks[0]).toMatchObject({ id, accepted: false });
    });

    test("an attempt whose outcome this version does not know has failed", async () => {
      const worker = new TestWorker(house, { credit: 1 });
      const [id] = await submit(house, [{ command: "x" }]);
      await worker.until((w) => w.leases.length === 1);
      worker.report(worker.leases[0]!, 99 as AttemptOutcome);
      await worker.until((w) => w.acks.length === 1);
      expect(await get(id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.HANDLER_ERROR });
    });

    test("an idempotency key gives the same task; another body is refused", async () => {
      const spec = { command: "x", idempotencyKey: "order-1" };
      const [first] = await submit(house, [spec]);
      const [again] = await submit(house, [spec]);
      expect(again).toBe(first);
      await expect(submit(house, [{ ...spec, command: "y" }])).rejects.toThrow(/idempotency key/);
      const both = await Promise.all([
        submit(house, [{ command: "z", idempotencyKey: "k2" }]),
        submit(house, [{ command: "z", idempotencyKey: "k2" }]),
      ]);
      expect(both[0]).toEqual(both[1]);
    });

    test("the same message again makes nothing new, also with tasks already given out", async () => {
      const worker = new TestWorker(house, { credit: 100 });
      const specs = [{ command: "a" }, { command: "b", priority: 3 }, { command: "c", idempotencyKey: "kk" }];
      const first = await submit(house, specs, "request-1");
      await worker.until((w) => w.leases.length === 3);
      expect(await submit(house, specs, "request-1")).toEqual(first);
      const [probe] = await submit(house, [{ command: "last" }]);
      await worker.until((w) => w.leases.some((lease) => lease.id === probe));
      expect(worker.leases).toHaveLength(4);
    });

    test("retry of an ended task makes a new one, and each names the other", async () => {
      const [id] = await submit(house, [{ command: "x" }]);
      await cancel(id!);
      const { results } = await house.operations.tasks.retryTasks(
        CALLER,
        create(RetryTasksRequestSchema, { ids: [id!] }),
      );
      const made = results[0]!.result.value as { id: string; retryOf: string; status: number };
      expect(made).toMatchObject({ retryOf: id, status: TaskStatus.WAITING });
      expect((await get(id!)).retriedAs).toBe(made.id);
    });

    test("higher priority goes first, equal priority in order", async () => {
      const ids = await submit(house, [
        { command: "1" },
        { command: "2" },
        { command: "3", priority: 5 },
        { command: "4" },
      ]);
      const worker = new TestWorker(house);
      const order: string[] = [];
      worker.onLease = (lease) => {
        order.push(lease.id);
        worker.report(lease, AttemptOutcome.SUCCEEDED, { credit: 1 });
      };
      worker.credit(1);
      await worker.until(() => order.length === 4);
      expect(order).toEqual([ids[2], ids[0], ids[1], ids[3]]);
    });

    test("a paused queue gives nothing out until it is resumed", async () => {
      const { operator } = house.operations;
      await operator.pauseQueue(CALLER, { $typeName: "tss.v1.PauseQueueRequest", name: "slow", note: "why" });
      const worker = new TestWorker(house, { credit: 5 });
      const [held] = await submit(house, [{ command: "x", queue: "slow" }]);
      const [free] = await submit(house, [{ command: "x" }]);
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]!.id).toBe(free);
      expect((await get(held!)).reason).toBe(TaskReason.PAUSED);
      await operator.resumeQueue(CALLER, { $typeName: "tss.v1.ResumeQueueRequest", name: "slow" });
      await worker.until((w) => w.leases.length === 2);
    });

    test("a delayed task starts when its time has come", async () => {
      const worker = new TestWorker(house, { credit: 1 });
      const at = Date.now();
      const [id] = await submit(house, [{ command: "x", delay: { seconds: 2n } }]);
      expect((await get(id!)).reason).toBe(TaskReason.SCHEDULED);
      await worker.until((w) => w.leases.length === 1);
      expect(Date.now() - at).toBeGreaterThanOrEqual(2_000);
    });

    test("a task that waits longer than it may fails as expired", async () => {
      const [id] = await submit(house, [
        { command: "x", queue: "nobody", expires: { seconds: 0n, nanos: 50_000_000 } },
      ]);
      await waitFor(id!);
      expect(await get(id!)).toMatchObject({ status: TaskStatus.FAILED, reason: TaskReason.EXPIRED });
    });

    test("a silent worker is lost and its task goes to the next", async () => {
      const silent = new TestWorker(house, { credit: 1 });
      const [id] = await submit(house, [{ command: "x", retry: { limit: 1 } }]);
      await silent.until((w) => w.leases.length === 1);
      silent.drop();
      const next = new TestWorker(house, { credit: 1 });
      const beat = setInterval(() => next.beat(), 100);
      try {
        await next.until((w) => w.leases.length === 1);
        expect(next.leases[0]).toMatchObject({ id, attempt: 2 });
        expect(next.leases[0]!.token).toBeGreaterThan(silent.leases[0]!.token);
      } finally {
        clearInterval(beat);
      }
    });

    test("a worker that comes back goes on with what it holds", async () => {
      const before = new TestWorker(house, { credit: 1 });
      const [id] = await submit(house, [{ command: "x" }]);
      await before.until((w) => w.leases.length === 1);
      before.drop();
      expect((await get(id!)).reason).toBe(TaskReason.DISCONNECTED);
      const after = new TestWorker(house, { sessionId: before.sessionId, held: before.leases });
      expect(after.welcome).toMatchObject({ sessionId: before.sessionId, adopted: [{ id }], refused: [] });
      after.report(before.leases[0]!);
      await after.until((w) => w.acks.length === 1);
      expect((await get(id!)).status).toBe(TaskStatus.SUCCEEDED);
    });

    test("forged, truncated and foreign ids are not found", async () => {
      const [id] = await submit(house, [{ command: "x" }]);
      for (const bad of ["", "x", id!.slice(1), `${id!.slice(0, -1)}${id!.endsWith("0") ? "1" : "0"}`, "z".repeat(26)])
        await expect(get(bad)).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("2 000 tasks are done once each, and the counts are exact", async () => {
      const worker = new TestWorker(house, { credit: 50 });
      const seen = new Set<string>();
      worker.onLease = (lease) => {
        expect(seen.has(lease.id)).toBe(false);
        seen.add(lease.id);
        worker.report(lease, AttemptOutcome.SUCCEEDED, { credit: 1 });
      };
      const ids = (
        await Promise.all(
          Array.from({ length: 20 }, () =>
            submit(
              house,
              Array.from({ length: 100 }, () => ({ command: "x" })),
            ),
          ),
        )
      ).flat();
      await worker.until((w) => w.acks.length === 2_000);
      expect(seen).toEqual(new Set(ids));
      const overview = await house.operations.operator.getOverview(CALLER);
      expect(overview.counts).toMatchObject({ waiting: 0n, running: 0n, succeeded: 2_000n });
    });
  });
}
