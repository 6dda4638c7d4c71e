import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "@jest/globals";
import { EPOCHS_AHEAD, numberInEpoch } from "../../coordinator/kernel/task-ref.ts";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { StoreRestoredError, StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import {
  AcquireLockRequestSchema,
  ReleaseLockRequestSchema,
  RenewLockRequestSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LeaseTasksRequestSchema, ReportTasksRequestSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { copyDatabase } from "../support/copy-database.ts";
import { freshDatabase } from "../support/database.ts";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { heldStore } from "../support/held-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const NEVER = 86_400_000;
const IDLE = { checkpointMs: NEVER, janitorMs: NEVER };
const WORKER = { name: "w1", slots: 10, types: ["work"], commands: true };

const houses: EngineHouse[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});

describe.each([
  ["SQLite", sqliteStore, freshSqlite],
  ["Postgres", postgresStore, freshDatabase],
])("a database on %s that was set back", (_name, plugin, fresh) => {
  const open = (url: string) => plugin.open(url, { readConnections: 2, failpoint: () => {} });
  const start = async (url: string, opening = open(url)) => {
    const store = await opening;
    const house = await startEngine(store, IDLE).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    houses.push(house);
    return house;
  };

  /** A task that a worker held at the backup, in the world after it and in a copy of the backup. */
  async function setBack(restarts = 1) {
    const url = await fresh();
    const before = await startEngine(await open(url), IDLE);
    const [old] = await submit(before, [{ command: "true" }]);
    const worker = new TestWorker(before, { credit: 1 });
    await worker.until((w) => w.leases.length === 1);
    await before.close();
    const backup = await copyDatabase(url);
    for (let times = 1; times < restarts; times++) await (await startEngine(await open(url), IDLE)).close();
    const world = await start(url);
    const since = new TestWorker(world, { credit: 1 });
    await submit(world, [{ command: "true" }]);
    await since.until((w) => w.leases.length === 1);
    return { backup, world, old: worker.leases[0]!, oldId: old!, lease: since.leases[0]! };
  }

  test("is left alone as soon as a worker shows what it has not given, and nothing follows from that message", async () => {
    const { backup, old, lease } = await setBack();
    const store = heldStore(await open(backup));
    const house = await start(backup, Promise.resolve(store));
    const asking = store.hold("before", "distrust");
    const worker = new TestWorker(house, { held: [{ ...old, token: old.token - 1 }, old, lease] });
    await asking.reached;
    expect(worker.welcome).toBeUndefined();
    expect(worker.ended).toMatchObject({ code: "UNAVAILABLE", reason: "TOKEN_UNKNOWN" });
    expect(house.engine.state.sessions.size).toBe(0);
    asking.release();
    const stopped = await house.stopped;
    expect(stopped).toBeInstanceOf(StoreRestoredError);
    expect(stopped.message).toBe(
      `The worker "test-worker" (API key testkey00000) holds the fencing token ${lease.token} of epoch 2, which is higher ` +
        "than any that this database has given out: it looks restored from a backup. Stop every coordinator, run " +
        "`tss db restored`, then start again.",
    );
  });

  test("cannot be owned again before its epochs are raised; then what was held at the backup goes on", async () => {
    const { backup, old, oldId, lease } = await setBack();
    const house = await start(backup);
    new TestWorker(house, { held: [lease] });
    await house.stopped;
    await house.close();
    for (let times = 0; times < 3; times++) await expect(start(backup)).rejects.toBeInstanceOf(StoreRestoredError);
    const raising = await open(backup);
    await raising.claim("tss db restored", false, 4_096);
    await raising.close();
    const again = await start(backup);
    const worker = new TestWorker(again, { held: [old, lease], credit: 1 });
    expect(worker.welcome).toMatchObject({ adopted: [{ id: oldId }], refused: [{ id: lease.id }] });
    worker.report(lease);
    worker.report(old);
    await worker.until((w) => w.acks.length === 2);
    expect(worker.acks.map(({ id, accepted }) => [id, accepted])).toEqual(
      expect.arrayContaining([
        [lease.id, false],
        [old.id, true],
      ]),
    );
    await submit(again, [{ command: "true" }]);
    await worker.until((w) => w.leases.length === 1);
    expect(worker.leases[0]!.token).toBeGreaterThan(lease.token);
  });

  test.each([
    ["announces it", (worker: TestWorker, lease: Lease) => worker.announce("w_over", [lease])],
    ["reports its end", (worker: TestWorker, lease: Lease) => worker.report(above(lease))],
    ["reports its begin", (worker: TestWorker, lease: Lease) => worker.say({ starts: [reportOf(lease)] })],
    ["reports progress", (worker: TestWorker, lease: Lease) => worker.say({ progress: [reportOf(lease)] })],
    ["sends output", (worker: TestWorker, lease: Lease) => worker.say({ logs: [reportOf(lease)] })],
  ])("is left alone also when a worker that is there already %s", async (_how, say) => {
    const { backup, lease } = await setBack();
    const house = await start(backup);
    const worker = new TestWorker(house);
    say(worker, lease);
    expect(await house.stopped).toBeInstanceOf(StoreRestoredError);
    expect([worker.acks, worker.adoption]).toEqual([[], undefined]);
  });

  test("is left alone also when a worker that polls holds it, or reports", async () => {
    const { backup, lease } = await setBack();
    const house = await start(await copyDatabase(backup));
    const held = [{ id: lease.id, fencingToken: BigInt(lease.token) }];
    const poll = create(LeaseTasksRequestSchema, { worker: WORKER, max: 1, held });
    const asked = house.operations.workers.leaseTasks(CALLER, poll, new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "TOKEN_UNKNOWN" });
    expect(await house.stopped).toBeInstanceOf(StoreRestoredError);
    const other = await start(backup);
    const outcomes = [{ ...reportOf(lease), outcome: 1 }];
    const reported = other.operations.workers.reportTasks(CALLER, create(ReportTasksRequestSchema, { outcomes }));
    await expect(reported).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "TOKEN_UNKNOWN" });
    expect(await other.stopped).toBeInstanceOf(StoreRestoredError);
  });

  test.each(["renewLock", "releaseLock"] as const)("is left alone when a client asks for %s with it", async (call) => {
    const { backup, world } = await setBack(2);
    const signal = new AbortController().signal;
    const acquire = create(AcquireLockRequestSchema, { name: "deploy" });
    const { token } = await world.operations.locks.acquireLock(CALLER, acquire, signal);
    const house = await start(backup);
    const asked =
      call === "renewLock"
        ? house.operations.locks.renewLock(CALLER, create(RenewLockRequestSchema, { name: "deploy", token }))
        : house.operations.locks.releaseLock(CALLER, create(ReleaseLockRequestSchema, { name: "deploy", token }));
    await expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "TOKEN_UNKNOWN" });
    const stopped = await house.stopped;
    expect(stopped).toBeInstanceOf(StoreRestoredError);
    expect(stopped.message).toMatch(/^A client \(API key testkey00000\) of the lock "deploy" holds the fencing token/);
  });

  test("goes on when a key says so that may only submit work, whose call is refused", async () => {
    const { backup, world } = await setBack(2);
    const acquire = create(AcquireLockRequestSchema, { name: "deploy" });
    const { token } = await world.operations.locks.acquireLock(CALLER, acquire, new AbortController().signal);
    const house = await start(backup);
    const submitter = { ...CALLER, role: Role.SUBMITTER };
    const renewed = house.operations.locks.renewLock(
      submitter,
      create(RenewLockRequestSchema, { name: "deploy", token }),
    );
    await expect(renewed).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      reason: "LOCK_NOT_HELD",
      message: expect.stringContaining("tss db restored"),
    });
    expect(house.engine.state.stopped).toBeNull();
  });

  test("that cannot be asked is asked when the worker comes again", async () => {
    const { backup, lease } = await setBack();
    const store = heldStore(await open(backup));
    const house = await start(backup, Promise.resolve(store));
    const asking = store.hold("before", "distrust");
    new TestWorker(house, { held: [lease] });
    await asking.reached;
    asking.fail(new StoreUnavailableError("away", false));
    await until("it comes again", async () => {
      new TestWorker(house, { held: [lease] });
      return house.engine.state.stopped !== null;
    });
    expect(await house.stopped).toBeInstanceOf(StoreRestoredError);
  });
});

test("a number that nobody can have given is refused as ever", async () => {
  const house = await startEngine(await sqliteStore.open(await freshSqlite(), { readConnections: 2, failpoint() {} }));
  houses.push(house);
  const [id] = await submit(house, [{ command: "true" }]);
  const worker = new TestWorker(house, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  const [lease] = worker.leases;
  const acquire = create(AcquireLockRequestSchema, { name: "deploy" });
  const lock = await house.operations.locks.acquireLock(CALLER, acquire, new AbortController().signal);
  const next = create(ReleaseLockRequestSchema, { name: "deploy", token: lock.token + 1n });
  await expect(house.operations.locks.releaseLock(CALLER, next)).rejects.toMatchObject({ reason: "LOCK_NOT_HELD" });
  const wrong = [numberInEpoch(2 + EPOCHS_AHEAD, 1), numberInEpoch(5, 0), 2 ** 53 - 1, 2 ** 60, -1, 0];
  for (const token of wrong) {
    const other = new TestWorker(house, { held: [{ ...lease!, token }] });
    expect([token, other.welcome?.refused]).toMatchObject([token, [{ id }]]);
    other.report({ id: id!, token });
    await other.until((w) => w.acks.length === 1);
    expect(other.acks).toMatchObject([{ id, accepted: false }]);
    const release = create(ReleaseLockRequestSchema, { name: "deploy", token: BigInt(token) });
    await expect(house.operations.locks.releaseLock(CALLER, release)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      reason: "LOCK_NOT_HELD",
    });
  }
  worker.report(lease!);
  await worker.until((w) => w.acks.length === 1);
  expect(worker.acks).toMatchObject([{ id, accepted: true }]);
});

type Lease = { readonly id: string; readonly token: number };

/** Of the epoch after it: of its own a report is looked at where it is decided. */
const above = ({ id, token }: Lease): Lease => ({ id, token: token + 2 ** 33 });

function reportOf(lease: Lease) {
  const { id, token } = above(lease);
  return { id, fencingToken: BigInt(token) };
}
