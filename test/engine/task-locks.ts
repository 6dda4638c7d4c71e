import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import {
  AcquireLockRequestSchema,
  ForceReleaseLockRequestSchema,
  GetLockRequestSchema,
  ReleaseLockRequestSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { ExplainQueueRequestSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ExplainTaskRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, getTask, useEngines, waitForTask } from "../support/engines.ts";
import { until } from "../support/until.ts";

const locked = (...names: string[]) => ({ command: "x", locks: names.map((name) => ({ name })) });
const never = new AbortController().signal;

async function lockOf(house: EngineHouse, name: string) {
  const { lock } = await house.operations.locks.getLock(CALLER, create(GetLockRequestSchema, { name }));
  return lock!;
}

async function take(house: EngineHouse, name: string, ttlSeconds = 60): Promise<bigint> {
  const request = create(AcquireLockRequestSchema, { name, ttl: { seconds: BigInt(ttlSeconds) } });
  const { acquired, token } = await house.operations.locks.acquireLock(CALLER, request, never);
  expect(acquired).toBe(true);
  return token;
}

function release(house: EngineHouse, name: string, token: bigint) {
  return house.operations.locks.releaseLock(CALLER, create(ReleaseLockRequestSchema, { name, token }));
}

const isFree = (house: EngineHouse, name: string) => async () => (await lockOf(house, name)).holders.length === 0;

/** Tasks that need locks, on one store: every plugin must do the same. */
export function taskLocks(name: string, database: () => Promise<() => Promise<Store>>): void {
  describe(`tasks that need locks, on ${name}`, () => {
    const start = useEngines();

    test("one runs at a time, in order, each with a higher token, and the lock is free after the last", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 10 });
      const ids = await submit(house, [locked("db"), locked("db"), { command: "y" }, locked("db")]);
      await worker.until((w) => w.leases.length === 2);
      const tokens: number[] = [];
      for (const id of [ids[0], ids[1], ids[3]]) {
        await worker.until((w) => w.leases.some((lease) => lease.id === id));
        const lease = worker.leases.find((one) => one.id === id)!;
        const { holders } = await lockOf(house, "db");
        expect(holders).toMatchObject([{ holder: `task ${id}`, token: BigInt(lease.locks![0]!.token) }]);
        expect(lease.locks).toMatchObject([{ name: "db" }]);
        tokens.push(lease.locks![0]!.token);
        worker.report(lease, AttemptOutcome.SUCCEEDED);
      }
      await until("the lock to be free", isFree(house, "db"));
      expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
      expect(worker.leases.find(({ id }) => id === ids[2])?.locks).toBeUndefined();
      const { attempts } = await waitForTask(house, ids[0]!);
      expect(attempts).toMatchObject([{ number: 1, locks: [{ name: "db", token: BigInt(tokens[0]!) }] }]);
    });

    test("with several permits as many run at a time; several locks are had together", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 10 });
      const three = { command: "x", locks: [{ name: "seats", permits: 3 }] };
      await submit(house, [three, three, three, three, three]);
      await worker.until((w) => w.leases.length === 3);
      expect((await lockOf(house, "seats")).holders).toHaveLength(3);
      const both = await submit(house, [locked("b", "a"), locked("a"), locked("b")]);
      await worker.until((w) => w.leases.length >= 4);
      // Whichever goes first, the two that need one of the locks never run beside the one that needs both.
      const seen = new Set<string>();
      while (seen.size < 3) {
        await worker.until((w) => w.leases.some(({ id }) => both.includes(id) && !seen.has(id)));
        const running = worker.leases.filter(({ id }) => both.includes(id) && !seen.has(id));
        const names = running.flatMap(({ locks }) => locks!.map((lock) => lock.name));
        expect(names).toEqual([...new Set(names)]);
        for (const lease of running) {
          seen.add(lease.id);
          worker.report(lease, AttemptOutcome.SUCCEEDED);
        }
      }
      expect(worker.leases.find(({ id }) => id === both[0])?.locks?.map((lock) => lock.name)).toEqual(["a", "b"]);
    });

    test("what others hold is waited for, and the task says so; other tasks go by", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 10 });
      const token = await take(house, "db");
      const [id, other] = await submit(house, [locked("db"), { command: "y" }]);
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]?.id).toBe(other);
      await until("it to stand in line", async () => (await lockOf(house, "db")).waiting === 1);
      expect(await getTask(house, id!)).toMatchObject({ status: TaskStatus.WAITING, reason: TaskReason.BLOCKED });
      const request = create(ExplainTaskRequestSchema, { id: id! });
      const { explanations } = await house.operations.tasks.explainTask(CALLER, request);
      expect(explanations[0]).toMatchObject({ code: "lock", blocking: true, command: "tss lock show db" });
      const { operator } = house.operations;
      const queue = await operator.explainQueue(CALLER, create(ExplainQueueRequestSchema, { name: "default" }));
      expect(queue.explanations[0]).toMatchObject({ code: "lock", tasks: 1n });
      // Or a queue whose lock is held for long would be told as one that waits although slots are free.
      expect(queue.stats).toMatchObject({ states: { ready: 0n, blocked: 1n } });
      expect(queue.stats?.oldestReadyAge).toBeUndefined();
      await release(house, "db", token);
      await worker.until((w) => w.leases.length === 2);
      expect(worker.leases[1]).toMatchObject({ id, locks: [{ name: "db" }] });
    });

    test("one that is cancelled while it waits leaves the line, and the next goes on", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 10 });
      const token = await take(house, "db");
      const [first, second] = await submit(house, [locked("db"), locked("db")]);
      await until("it to stand in line", async () => (await lockOf(house, "db")).waiting === 1);
      await cancelTasks(house, [first!]);
      await release(house, "db", token);
      await worker.until((w) => w.leases.length === 1);
      expect(worker.leases[0]?.id).toBe(second);
      worker.report(worker.leases[0]!, AttemptOutcome.SUCCEEDED);
      await until("the lock to be free", isFree(house, "db"));
    });

    test("a failed attempt gives the lock up for its pause; one that was given back, too", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 10 });
      await submit(house, [{ ...locked("db"), retry: { limit: 2, interval: { seconds: 3_600n } } }]);
      await worker.until((w) => w.leases.length === 1);
      worker.report(worker.leases[0]!, AttemptOutcome.RELEASED);
      await worker.until((w) => w.leases.length === 2);
      expect(worker.leases[1]!.locks![0]!.token).toBeGreaterThan(worker.leases[0]!.locks![0]!.token);
      worker.report(worker.leases[1]!, AttemptOutcome.FAILED, { reason: TaskReason.EXIT_CODE, exitCode: 1 });
      await until("the lock to be free", isFree(house, "db"));
    });

    test("a lock that is taken away ends the attempt, which is tried again by the policy", async () => {
      // No renewal comes in that time: it is told.
      const house = await start(await database(), { leaseTtlMs: 600_000 });
      const worker = new TestWorker(house, { credit: 10 });
      const [id] = await submit(house, [{ ...locked("db"), retry: { limit: 1, interval: { seconds: 0n } } }]);
      await worker.until((w) => w.leases.length === 1);
      const [lease] = worker.leases;
      await house.operations.locks.forceReleaseLock(CALLER, create(ForceReleaseLockRequestSchema, { name: "db" }));
      await worker.until((w) => w.cancels.length === 1);
      expect(worker.cancels).toMatchObject([{ id, token: lease!.token, reason: TaskReason.LOCK_LOST }]);
      worker.report(lease!, AttemptOutcome.FAILED, { reason: TaskReason.LOCK_LOST });
      await worker.until((w) => w.leases.length === 2);
      worker.report(worker.leases[1]!, AttemptOutcome.SUCCEEDED);
      const { status, attempts } = await waitForTask(house, id!);
      expect(status).toBe(TaskStatus.SUCCEEDED);
      expect(attempts).toMatchObject([{ reason: TaskReason.LOCK_LOST }, { outcome: AttemptOutcome.SUCCEEDED }]);
    });

    test("the locks of what runs are renewed, also by the next owner, and freed when it ends there", async () => {
      const open = await database();
      const short = { leaseTtlMs: 3_000 };
      const house = await start(open, short);
      const worker = new TestWorker(house, { credit: 10 });
      const beat = setInterval(() => worker.beat(), 100);
      const [id] = await submit(house, [locked("db")]);
      await worker.until((w) => w.leases.length === 1);
      const [lease] = worker.leases;
      await house.close();
      clearInterval(beat);
      const next = await start(open, short);
      const back = new TestWorker(next, { sessionId: worker.sessionId, held: [lease!] });
      const again = setInterval(() => back.beat(), 100);
      const held = await lockOf(next, "db");
      expect(held.holders).toMatchObject([{ token: BigInt(lease!.locks![0]!.token), holder: `task ${id}` }]);
      const until0 = held.holders[0]!.expiresAt!;
      await until("it to be renewed", async () => {
        const { expiresAt } = (await lockOf(next, "db")).holders[0]!;
        return expiresAt!.seconds > until0.seconds + 1n;
      });
      back.report(lease!, AttemptOutcome.SUCCEEDED);
      await until("the lock to be free", isFree(next, "db"));
      clearInterval(again);
    });

    test("locks that were taken and find no worker are others' after a moment", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 1 });
      const token = await take(house, "db");
      await submit(house, [locked("db")]);
      await until("it to stand in line", async () => (await lockOf(house, "db")).waiting === 1);
      // The worker's only slot goes to another task meanwhile.
      await submit(house, [{ command: "y" }]);
      await worker.until((w) => w.leases.length === 1);
      await release(house, "db", token);
      await until("it to be taken for the task", async () => (await lockOf(house, "db")).holders.length === 1);
      await until("the lock to be free", isFree(house, "db"));
      worker.report(worker.leases[0]!, AttemptOutcome.SUCCEEDED, { credit: 1 });
      await worker.until((w) => w.leases.length === 2);
      expect(worker.leases[1]).toMatchObject({ locks: [{ name: "db" }] });
    });

    test("a lock that others use with other permits is a problem that the task tells", async () => {
      const house = await start(await database());
      const worker = new TestWorker(house, { credit: 1 });
      const token = await take(house, "db");
      const [id] = await submit(house, [{ command: "x", locks: [{ name: "db", permits: 2 }] }]);
      const request = create(ExplainTaskRequestSchema, { id: id! });
      const told = async () => (await house.operations.tasks.explainTask(CALLER, request)).explanations[0];
      await until("it to be told", async () => (await told())?.code === "lock_problem");
      expect((await told())!.message).toMatch(/in use with 1 permit, and this call says 2/);
      await release(house, "db", token);
      await worker.until((w) => w.leases.length === 1);
    });
  });
}
