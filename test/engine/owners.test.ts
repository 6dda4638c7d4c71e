import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LeaseGrant } from "../../coordinator/operations/operations.ts";
import { FencedError } from "../../coordinator/ports/store-errors.ts";
import { AttemptOutcome, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { freshDatabase } from "../support/database.ts";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";
import { join, type Owner } from "./shared-owner.ts";

const ALL = Array.from({ length: 64 }, (_, shard) => shard);
const LOW = ALL.slice(0, 32);
const batch = (count: number, spec: object = {}) => Array.from({ length: count }, () => ({ command: "x", ...spec }));

async function countsOf(owners: readonly Owner[]): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const { operations } of owners) {
    const { counts } = await operations.operator.getOverview(CALLER);
    for (const [name, value] of Object.entries(counts!))
      if (typeof value === "bigint") sum[name] = (sum[name] ?? 0) + Number(value);
  }
  return sum;
}

async function getTask(owner: Owner, id: string) {
  return (await owner.operations.tasks.getTask(CALLER, { $typeName: "tss.v1.GetTaskRequest", id })).task!;
}

describe("shards that move between coordinators", () => {
  test("what waits goes on with the new owner: ready, delayed, retrying, and beyond memory", async () => {
    const url = await freshDatabase();
    const [a, b] = [await join(url, "a", { memoryHeads: 50 }), await join(url, "b", { memoryHeads: 50 })];
    await a.take(ALL);
    const ids = await submit(a, batch(400));
    const delayed = await submit(a, batch(3, { delay: { seconds: 1n, nanos: 0 } }));
    const far = await submit(a, batch(2, { delay: { seconds: 86_400n, nanos: 0 } }));
    const failing = new TestWorker(a, { credit: 1 });
    await failing.until((w) => w.leases.length === 1);
    failing.drop();
    await a.engine.release(ALL);
    expect(a.engine.state).toMatchObject({ memory: { heads: 0, bytes: 0 } });
    expect([a.engine.state.items.size, a.engine.state.wheel.size]).toEqual([0, 0]);
    await b.take(ALL);
    const worker = new TestWorker(b, { credit: 20, sessionId: failing.sessionId, held: failing.leases });
    expect(worker.welcome?.adopted).toHaveLength(1);
    worker.succeedAll();
    for (const lease of failing.leases) worker.report(lease);
    await worker.until((w) => w.acks.length === 403);
    expect(worker.leases.map(({ id }) => id).sort()).toEqual(
      [...ids.filter((id) => id !== failing.leases[0]!.id), ...delayed].sort(),
    );
    expect(await countsOf([b])).toMatchObject({ waiting: 2, running: 0, succeeded: 403 });
    expect((await getTask(b, far[0]!)).status).toBe(TaskStatus.WAITING);
  });

  test("an owner goes on with its other shards while one is taken from it, and with none of a dead one's lost", async () => {
    const url = await freshDatabase();
    const [a, b] = [await join(url, "a"), await join(url, "b")];
    await a.take(LOW);
    await b.take(ALL.slice(32));
    const ids = [...(await submit(a, batch(50))), ...(await submit(b, batch(50)))];
    const dead = new TestWorker(a, { credit: 5 });
    await dead.until((w) => w.leases.length === 5);
    const worker = new TestWorker(b);
    // The fifth lease never reached the worker; the shards are taken up only after it has said so.
    const held = dead.leases.slice(0, 4);
    worker.announce(dead.sessionId, held);
    expect(worker.adoption?.elsewhere.map(({ id }) => id)).toEqual(held.map(({ id }) => id));
    await b.take(LOW);
    await expect(submit(a, batch(1))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await a.stopped).toBeInstanceOf(FencedError);
    worker.announce(dead.sessionId, held);
    expect(worker.adoption?.adopted.map(({ id }) => id)).toEqual(held.map(({ id }) => id));
    worker.succeedAll();
    for (const lease of held) worker.report(lease);
    worker.credit(10);
    await worker.until((w) => w.acks.length === 100);
    expect([...worker.leases, ...held].map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(worker.leases.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(await countsOf([b])).toMatchObject({ waiting: 0, running: 0, succeeded: 100 });
  });

  test.each(["checkOwner", "recovery.writeCheckpoints", "segments.pruneLater"])(
    "an owner goes on when a shard is handed over while it is asking or writing by itself: %s",
    async (duty) => {
      const url = await freshDatabase();
      const often = { checkpointMs: 50, janitorMs: 50 };
      const [a, b] = [await join(url, "a", often), await join(url, "b")];
      await a.take(ALL);
      const ids = await submit(a, batch(3));
      const shard = a.engine.state.ids.decode(ids[0]!)!.shard;
      const held = a.store.hold("before", duty);
      if (duty !== "checkOwner") ids.push(...(await submit(a, batch(3))));
      await held.reached;
      await a.engine.release([shard]);
      await b.take([shard]);
      held.release();
      const again = a.store.hold("before", duty);
      if (duty !== "checkOwner") ids.push(...(await submit(a, batch(1))));
      await again.reached;
      again.release();
      expect(a.engine.state.stopped).toBeNull();
      const [atA, atB] = [new TestWorker(a), new TestWorker(b)];
      for (const worker of [atA, atB]) {
        worker.succeedAll();
        worker.credit(10);
      }
      await until("every task to run", () => atA.acks.length + atB.acks.length === ids.length);
    },
  );

  test("a worker is told which attempts have left with their shard; reports wait for the new owner", async () => {
    const url = await freshDatabase();
    const [a, b] = [await join(url, "a"), await join(url, "b")];
    await a.take(ALL);
    await submit(a, batch(3));
    const [here, there] = [new TestWorker(a, { credit: 3 }), new TestWorker(b)];
    await here.until((w) => w.leases.length === 3);
    const released = a.engine.release(ALL);
    for (const lease of here.leases) here.report(lease);
    await released;
    expect(here.moved.map(({ token }) => token).sort()).toEqual(here.leases.map(({ token }) => token).sort());
    expect(here.acks).toEqual([]);
    await b.take(ALL);
    there.announce("", here.moved);
    for (const lease of here.leases) there.report(lease);
    await there.until((w) => w.acks.length === 3);
    expect(there.acks.map(({ accepted }) => accepted)).toEqual([true, true, true]);
  });

  test("shards that cannot be handed over, as the database stays away, are served on, and handed over when it is back", async () => {
    const url = await freshDatabase();
    const [a, b] = [await join(url, "a", { awayPatienceMs: 200 }), await join(url, "b")];
    await a.take(ALL);
    const flush = a.store.hold("before", "flush");
    const told = expect(submit(a, batch(1))).rejects.toMatchObject({ reason: "STORE_IN_DOUBT" });
    await flush.reached;
    await expect(a.engine.release(ALL)).rejects.toMatchObject({ reason: "STORE_IN_DOUBT" });
    await told;
    flush.release();
    await until("the flush to be answered", () => a.engine.state.flushBegan === 0);
    expect(await submit(a, batch(2))).toHaveLength(2);
    await a.engine.release(ALL);
    await b.take(ALL);
    expect(await countsOf([b])).toMatchObject({ waiting: 3 });
  });

  test("an attempt whose worker nobody hears of any more is lost to the new owner after one lease term", async () => {
    const url = await freshDatabase();
    const [a, b] = [await join(url, "a"), await join(url, "b", { leaseTtlMs: 2_000 })];
    await a.take(ALL);
    const [id] = await submit(a, batch(1, { retry: { limit: 1 } }));
    const gone = new TestWorker(a, { credit: 1 });
    await gone.until((w) => w.leases.length === 1);
    await b.take(ALL);
    const worker = new TestWorker(b, { credit: 1 });
    const beat = setInterval(() => worker.beat(), 100);
    await worker.until((w) => w.leases.length === 1).finally(() => clearInterval(beat));
    expect(worker.leases[0]).toMatchObject({ id, attempt: 2 });
    expect(worker.leases[0]!.token).toBeGreaterThan(gone.leases[0]!.token);
    worker.report(gone.leases[0]!);
    worker.report(worker.leases[0]!);
    await worker.until((w) => w.acks.length === 2);
    expect(worker.acks.map(({ accepted }) => accepted)).toEqual([false, true]);
  });

  test("whatever moves while work goes on, each task runs once and every number is right", async () => {
    const url = await freshDatabase();
    const owners = [await join(url, "a", { memoryHeads: 100 }), await join(url, "b", { memoryHeads: 100 })] as const;
    await owners[0].take(LOW);
    await owners[1].take(ALL.slice(32));
    const started: string[] = [];
    const accepted: string[] = [];
    const unreported = new Map<string, LeaseGrant>();
    const listen = (worker: TestWorker): TestWorker => {
      worker.onLease = (lease) => {
        started.push(lease.id);
        unreported.set(lease.id, lease);
        worker.report(lease, AttemptOutcome.SUCCEEDED, { credit: 1 });
      };
      worker.onAck = (ack) => {
        if (ack.accepted) accepted.push(ack.id);
        unreported.delete(ack.id);
      };
      return worker;
    };
    const workers = owners.map((owner) => listen(new TestWorker(owner)));
    for (const worker of workers) worker.credit(30);
    const ids: string[] = [];
    const moves = fc.sample(fc.array(fc.nat(63), { minLength: 1, maxLength: 12 }), { numRuns: 12, seed: 20 });
    for (const [turn, shards] of moves.entries()) {
      const [from, to] = turn % 2 === 0 ? [owners[0], owners[1]] : [owners[1], owners[0]];
      const moving = [...new Set(shards)].filter((shard) => from.engine.state.shards.find(shard) !== undefined);
      const [first, second] = await Promise.all([
        submit(from, batch(150)),
        submit(to, batch(150)),
        from.engine.release(moving).then(() => to.take(moving)),
      ]);
      ids.push(...first, ...second);
      // What is held of the shards and has no answer is announced to the new owner, as a worker does over its stream there.
      const { state } = to.engine;
      const held = [...unreported.values()].filter(({ id }) => moving.includes(state.ids.decode(id)!.shard));
      const there = listen(new TestWorker(to));
      there.announce("", held);
      for (const lease of held) there.report(lease);
    }
    await until("every task to end", () => accepted.length >= ids.length, 90_000);
    expect(ids).toHaveLength(3_600);
    expect(accepted.sort()).toEqual(ids.sort());
    expect(started.sort()).toEqual(ids);
    const counts = { waiting: 0, running: 0, succeeded: 3_600, failed: 0 };
    expect(await countsOf(owners)).toMatchObject(counts);
    await owners[1].take(LOW.concat(ALL.slice(32)).filter((shard) => owners[0].engine.state.shards.find(shard)));
    expect(await countsOf([owners[1]])).toMatchObject(counts);
  }, 180_000);
});
