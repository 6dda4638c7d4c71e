// Over 300 lines: one job from its preparation to its end, whose steps share the helpers above the first test.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { timestampMs } from "../../coordinator/kernel/time.ts";
import { BULK_SHARD } from "../../coordinator/operations/bulk/bulk-host.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { TssError } from "../../proto/errors.ts";
import {
  type Bulk,
  BulkAction,
  BulkPhase,
  PrepareBulkRequestSchema,
  RunBulkRequestSchema,
} from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { AttemptOutcome, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

/** One action on many tasks, carried out by the coordinator. */
let url: string;
let house: EngineHouse;
const open = async () => startEngine(await sqliteStore.open(url, { readConnections: 1, failpoint: () => {} }));
beforeEach(async () => {
  url = await freshSqlite();
  house = await open();
});
afterEach(() => house.close());

const { CANCEL, RETRY } = BulkAction;
const many = async (count: number, queue: string) => {
  const specs = Array.from({ length: count }, (_, index) => ({ name: `n ${index}`, type: "nobody", queue }));
  return [
    ...(await submit(house, specs.slice(0, 1_000))),
    ...(count > 1_000 ? await submit(house, specs.slice(1_000)) : []),
  ];
};
const prepare = async (action: BulkAction, more: MessageInitShape<typeof PrepareBulkRequestSchema>) => {
  const { bulk } = await house.operations.bulk.prepareBulk(
    CALLER,
    create(PrepareBulkRequestSchema, { action, ...more }),
  );
  return become(bulk!.id, BulkPhase.READY);
};
const get = async (id: string): Promise<Bulk> =>
  (await house.operations.bulk.getBulk(CALLER, { id } as never)).bulk as Bulk;
const become = async (id: string, phase: BulkPhase): Promise<Bulk> => {
  await until(`phase ${BulkPhase[phase]}`, async () => (await get(id)).phase === phase);
  return get(id);
};
const run = (id: string, more: MessageInitShape<typeof RunBulkRequestSchema> = {}) =>
  house.operations.bulk.runBulk(CALLER, create(RunBulkRequestSchema, { id, ...more }));
const stop = (id: string) => house.operations.bulk.stopBulk(CALLER, { id } as never);
const tasksOf = async (queue: string, ...status: TaskStatus[]) =>
  (
    await house.operations.tasks.listTasks(
      CALLER,
      create(ListTasksRequestSchema, { queue, status, limit: LIMITS.pageSize }),
    )
  ).tasks;

test("it counts what is there, keeps some of it to look at, and touches nothing before it is run", async () => {
  await many(1_203, "mass");
  await many(2, "other");
  const bulk = await prepare(CANCEL, { filter: { queue: "mass" } });
  expect(bulk).toMatchObject({ total: 1_203, more: false, done: 0, changed: 0, byIds: false, keyId: CALLER.keyId });
  expect(bulk.samples).toHaveLength(5);
  expect(bulk.filter?.status).toEqual([TaskStatus.WAITING, TaskStatus.RUNNING]);
  expect(await tasksOf("mass", TaskStatus.CANCELLED)).toEqual([]);
  expect((await house.operations.bulk.listBulks(CALLER)).bulks).toEqual([]);
});

test("run, it does it to all of them and to nothing that came after, and says what came of it", async () => {
  await many(1_203, "mass");
  const [other] = await many(1, "other");
  const { id } = await prepare(CANCEL, { filter: { queue: "mass" } });
  const prepared = timestampMs((await get(id)).createdAt!);
  await until("a later moment", () => Date.now() > prepared);
  const late = await many(3, "mass");
  expect((await run(id)).changed).toBe(true);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ total: 1_203, done: 1_203, changed: 1_203, refused: 0 });
  expect((await run(id)).changed).toBe(false);
  expect((await stop(id)).changed).toBe(false);
  const waiting = (await tasksOf("mass", TaskStatus.WAITING)).map((task) => task.id);
  expect(waiting.sort()).toEqual(late.sort());
  expect((await tasksOf("other", TaskStatus.WAITING)).map((task) => task.id)).toEqual([other]);
  expect(house.bulkEnds).toMatchObject([{ id, phase: BulkPhase.DONE, changed: 1_203 }]);
  expect((await house.operations.bulk.listBulks(CALLER)).bulks.map((bulk) => bulk.id)).toEqual([id]);
});

test("what has failed is run again once each, and what comes of that is not", async () => {
  const worker = new TestWorker(house, { types: ["bad"] });
  worker.onLease = (lease) => worker.report(lease, AttemptOutcome.FAILED, { credit: 1 });
  worker.credit(10);
  await submit(
    house,
    Array.from({ length: 20 }, () => ({ type: "bad", queue: "bad" })),
  );
  await until("20 have failed", async () => (await tasksOf("bad", TaskStatus.FAILED)).length === 20);
  const { id, total } = await prepare(RETRY, { filter: { queue: "bad" } });
  expect(total).toBe(20);
  await run(id);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ done: 20, changed: 20 });
  await until("they have failed again", async () => (await tasksOf("bad", TaskStatus.FAILED)).length === 40);
  const made = (await tasksOf("bad")).map(({ retryOf }) => retryOf).filter((of) => of !== "");
  expect([made.length, new Set(made).size]).toEqual([20, 20]);
});

test("tasks are named one by one: those that cannot be are refused with the reason", async () => {
  const ids = await many(3, "mail");
  const { id, total, samples } = await prepare(CANCEL, { ids: [ids[0]!, "nonsense", ids[2]!, ids[0]!] });
  expect([total, samples.map((task) => task.id)]).toEqual([3, [ids[0], ids[2]]]);
  await run(id);
  const bulk = await become(id, BulkPhase.DONE);
  expect(bulk).toMatchObject({ byIds: true, done: 3, changed: 2, refused: 1 });
  expect(bulk.reasons).toEqual([expect.stringContaining('There is no task "nonsense"')]);
  expect((await tasksOf("mail", TaskStatus.WAITING)).map((task) => task.id)).toEqual([ids[1]]);
});

test("within its delay it is undone without a trace", async () => {
  await many(10, "mail");
  const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
  const { bulk } = await run(id, { delay: { seconds: 60n } });
  expect(bulk?.phase).toBe(BulkPhase.PENDING);
  expect((await stop(id)).bulk).toMatchObject({ phase: BulkPhase.STOPPED, done: 0 });
  expect(await tasksOf("mail", TaskStatus.WAITING)).toHaveLength(10);
});

test("asked for again without a delay, it begins at once", async () => {
  await many(2, "mail");
  const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
  await run(id, { delay: { seconds: 60n } });
  expect((await run(id, { delay: { seconds: 60n } })).bulk?.phase).toBe(BulkPhase.PENDING);
  expect((await run(id)).changed).toBe(false);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ changed: 2 });
});

describe("a coordinator that starts anew", () => {
  test("goes on where the one before it was, and does nothing twice", async () => {
    const ids = await many(30, "mail");
    for (const id of ids) await house.operations.tasks.cancelTasks(CALLER, { ids: [id] } as never);
    const { id } = await prepare(RETRY, { filter: { queue: "mail" } });
    await run(id, { perSecond: 15 });
    await until("the first piece", async () => (await get(id)).done === 15);
    await house.close();
    house = await open();
    expect(await get(id)).toMatchObject({ total: 30, perSecond: 15 });
    expect(await become(id, BulkPhase.DONE)).toMatchObject({ done: 30, changed: 30 });
    const made = (await tasksOf("mail", TaskStatus.WAITING)).map(({ retryOf }) => retryOf);
    expect(made.sort()).toEqual(ids.sort());
  });

  test("knows what was stopped, and leaves it", async () => {
    await many(30, "mail");
    const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
    await run(id, { perSecond: 15 });
    await until("the first piece", async () => (await get(id)).done === 15);
    await stop(id);
    await house.close();
    house = await open();
    expect(await get(id)).toMatchObject({ phase: BulkPhase.STOPPED, done: 15, changed: 15 });
    expect(await tasksOf("mail", TaskStatus.WAITING)).toHaveLength(15);
  });

  test("counts anew what was only prepared, but what was left or is long ago", async () => {
    await many(12, "mail");
    const [kept, left, old] = [
      await prepare(CANCEL, { filter: { queue: "mail" } }),
      await prepare(CANCEL, { filter: {} }),
      await prepare(CANCEL, { filter: {} }),
    ];
    await stop(left.id);
    const {
      store: { catalog },
      shards,
    } = house.engine.state;
    const row = (await catalog.bulks()).find(({ id }) => id === old.id)!;
    const body = JSON.stringify({ ...JSON.parse(row.body), createdAt: Date.now() - 16 * 60_000 });
    await catalog.saveBulk({ ...row, body }, { shard: BULK_SHARD, epoch: shards.find(BULK_SHARD)!.epoch });
    await house.close();
    house = await open();
    await many(1, "mail");
    expect(await become(kept.id, BulkPhase.READY)).toMatchObject({
      total: 12,
      samples: expect.any(Array),
      filter: kept.filter,
    });
    for (const { id } of [left, old]) await expect(get(id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await run(kept.id)).changed).toBe(true);
    expect(await become(kept.id, BulkPhase.DONE)).toMatchObject({ changed: 12 });
    await until("one row to be left", async () => (await house.engine.state.store.catalog.bulks()).length === 1);
  });
});

test("while the database is away it waits, says so, and goes on", async () => {
  await many(3, "mail");
  const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
  const { reads } = house.engine.state.store;
  const { list } = reads;
  let asked = 0;
  Object.assign(reads, {
    list: async (query: Parameters<typeof list>[0]) => {
      if (asked++ === 0) throw new StoreUnavailableError("away", false);
      return list(query);
    },
  });
  await run(id);
  await until("it says so", async () => (await get(id)).problem.includes("cannot be read now"));
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ changed: 3, problem: "" });
});

test("what makes no sense is refused by its field", async () => {
  const refused = async (request: MessageInitShape<typeof PrepareBulkRequestSchema>) =>
    house.operations.bulk.prepareBulk(CALLER, create(PrepareBulkRequestSchema, request)).then(
      () => "",
      (error: Error) => error.message,
    );
  expect(await refused({ filter: {} })).toBe("action must be cancel or retry.");
  expect(await refused({ action: CANCEL })).toBe("filter must be given, or ids, and not both.");
  expect(await refused({ action: CANCEL, filter: {}, ids: ["a"] })).toBe("filter must be given, or ids, and not both.");
  expect(await refused({ action: CANCEL, filter: { queue: "No" } })).toContain("queue");
  expect(await refused({ action: CANCEL, filter: { status: [TaskStatus.FAILED] } })).toBe(
    "filter.status is of tasks that this cannot be done to.",
  );
  expect(await refused({ action: CANCEL, ids: Array.from({ length: 1_001 }, () => "a") })).toContain("ids");
  await expect(run("b_nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
  const { id } = await prepare(RETRY, { filter: {} });
  await expect(run(id, { perSecond: 10_001 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(run(id, { delay: { seconds: 61n } })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test.each([CANCEL, RETRY])("answers that are lost with a coordinator cost no count: action %s", async (action) => {
  const ids = await many(700, "mail");
  const { tasks } = house.operations;
  const { cancelTasks, retryTasks } = tasks;
  if (action === RETRY) await cancelTasks(CALLER, { ids } as never);
  let calls = 0;
  const losing = async <A>(answer: Promise<A>): Promise<A> => {
    await answer;
    if (calls++ === 0) throw new TssError("UNAVAILABLE", "gone", { reason: "PEER_GONE" });
    return answer;
  };
  Object.assign(tasks, {
    cancelTasks: (...call: Parameters<typeof cancelTasks>) => losing(cancelTasks(...call)),
    retryTasks: (...call: Parameters<typeof retryTasks>) => losing(retryTasks(...call)),
  });
  const { id } = await prepare(action, { filter: { queue: "mail" } });
  await run(id);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ total: 700, done: 700, changed: 700, refused: 0 });
  expect(calls).toBe(3);
  expect(await house.operations.operator.getOverview(CALLER)).toMatchObject({
    counts: action === CANCEL ? { waiting: 0n, cancelled: 700n } : { waiting: 700n, cancelled: 700n },
  });
});

test("what had ended before it came to it is not counted as its own", async () => {
  const ids = await many(4, "mail");
  const { id } = await prepare(CANCEL, { ids });
  await house.operations.tasks.cancelTasks(CALLER, { ids: ids.slice(0, 3) } as never);
  await run(id);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ total: 4, done: 4, changed: 1, refused: 0 });
});

test("while its shard is served on after all, as it could not be handed over, its jobs go on", async () => {
  await many(3, "mail");
  const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
  await run(id, { delay: { seconds: 60n } });
  const { shards } = house.engine.state;
  const serve = (phase: "leaving" | "serving") => {
    shards.find(BULK_SHARD)!.phase = phase;
    shards.tellServed();
  };
  serve("leaving");
  await expect(get(id)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "NOT_OWNER" });
  serve("serving");
  expect((await get(id)).phase).toBe(BulkPhase.PENDING);
  await run(id);
  expect(await become(id, BulkPhase.DONE)).toMatchObject({ changed: 3 });
});

test("a stop that could not be written is asked for again", async () => {
  await many(3, "mail");
  const { id } = await prepare(CANCEL, { filter: { queue: "mail" } });
  await run(id, { delay: { seconds: 60n } });
  const { catalog } = house.engine.state.store;
  const { saveBulk } = catalog;
  Object.assign(catalog, { saveBulk: () => Promise.reject(new StoreUnavailableError("away", false)) });
  await expect(stop(id)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  Object.assign(catalog, { saveBulk });
  expect((await stop(id)).changed).toBe(true);
  await house.close();
  house = await open();
  expect((await get(id)).phase).toBe(BulkPhase.STOPPED);
});

test("so many are prepared at a time, and stopped they make room", async () => {
  const ids: string[] = [];
  for (let made = 0; made < LIMITS.bulksPrepared; made++) ids.push((await prepare(RETRY, { filter: {} })).id);
  await expect(prepare(RETRY, { filter: {} })).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  await stop(ids[0]!);
  await prepare(RETRY, { filter: {} });
});
