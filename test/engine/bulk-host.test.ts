import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { timestampMs } from "../../coordinator/kernel/time.ts";
import type { BulkRow } from "../../coordinator/ports/catalog-store.ts";
import { FencedError, StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import {
  type Bulk,
  BulkAction,
  BulkPhase,
  PrepareBulkRequestSchema,
  RunBulkRequestSchema,
} from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { freshDatabase } from "../support/database.ts";
import { CALLER, submit } from "../support/engine-house.ts";
import { until } from "../support/until.ts";
import { join, type Owner } from "./shared-owner.ts";

/** Jobs on many tasks go with a shard from one coordinator to the next. */
const ALL = Array.from({ length: 64 }, (_, shard) => shard);
const MOVED = { code: "UNAVAILABLE", reason: "NOT_OWNER" };
const { CANCEL, RETRY } = BulkAction;

const get = async ({ operations }: Owner, id: string): Promise<Bulk> =>
  (await operations.bulk.getBulk(CALLER, { id } as never)).bulk as Bulk;

async function become(owner: Owner, id: string, phase: BulkPhase): Promise<Bulk> {
  await until(`phase ${BulkPhase[phase]}`, async () => (await get(owner, id)).phase === phase);
  return get(owner, id);
}

async function prepare(owner: Owner, action: BulkAction): Promise<string> {
  const request = create(PrepareBulkRequestSchema, { action, filter: {} });
  const { bulk } = await owner.operations.bulk.prepareBulk(CALLER, request);
  await become(owner, bulk!.id, BulkPhase.READY);
  return bulk!.id;
}

const run = ({ operations }: Owner, id: string, more: MessageInitShape<typeof RunBulkRequestSchema> = {}) =>
  operations.bulk.runBulk(CALLER, create(RunBulkRequestSchema, { id, ...more }));

const countsOf = async ({ operations }: Owner) => (await operations.operator.getOverview(CALLER)).counts;

/** Two coordinators, the first with every shard and so many tasks. */
async function two(count: number): Promise<[Owner, Owner, string[]]> {
  const url = await freshDatabase();
  // What it writes by itself would tell it early that it is fenced.
  const quiet = { checkpointMs: 3_600_000, janitorMs: 3_600_000 };
  const [a, b] = [await join(url, "a", quiet), await join(url, "b")];
  await a.take(ALL);
  const ids: string[] = [];
  while (ids.length < count)
    ids.push(
      ...(await submit(
        a,
        Array.from({ length: Math.min(count - ids.length, 500) }, () => ({ type: "x" })),
      )),
    );
  return [a, b, ids];
}

/** The next note of a job that says so much was done, before it is written. */
const noteOf = (owner: Owner, done: number) =>
  owner.store.hold("before", "catalog.saveBulk", ([row]) => JSON.parse((row as BulkRow).body).done === done);

test.each(["handed over", "taken from a coordinator that is frozen"])(
  "in the midst of a piece that was done and not noted they are %s: the next goes on, and counts every task once",
  async (how) => {
    const [a, b] = await two(1_100);
    const id = await prepare(a, CANCEL);
    await expect(get(b, id)).rejects.toMatchObject(MOVED);
    const note = noteOf(a, 500);
    await run(a, id);
    await note.reached;
    expect(await countsOf(a)).toMatchObject({ cancelled: 500n, waiting: 600n });
    if (how === "handed over") await a.engine.release(ALL);
    await b.take(ALL);
    expect(await become(b, id, BulkPhase.DONE)).toMatchObject({
      total: 1_100,
      done: 1_100,
      changed: 1_100,
      refused: 0,
    });
    expect(await countsOf(b)).toMatchObject({ cancelled: 1_100n, waiting: 0n });
    note.release();
    if (how === "handed over") await expect(get(a, id)).rejects.toMatchObject(MOVED);
    else expect(await a.stopped).toBeInstanceOf(FencedError);
    await a.close();
    const [row] = await b.store.catalog.bulks();
    expect(JSON.parse(row!.body)).toMatchObject({ phase: BulkPhase.DONE, done: 1_100, piece: [] });
    expect([a.bulkEnds.length, b.bulkEnds.length]).toEqual([0, 1]);
  },
);

test("what was run again and not noted makes no second task with the next", async () => {
  const [a, b, ids] = await two(30);
  await a.operations.tasks.cancelTasks(CALLER, { ids } as never);
  const id = await prepare(a, RETRY);
  const note = noteOf(a, 30);
  await run(a, id);
  await note.reached;
  await b.take(ALL);
  expect(await become(b, id, BulkPhase.DONE)).toMatchObject({ done: 30, changed: 30, refused: 0 });
  note.release();
  expect(await countsOf(b)).toMatchObject({ cancelled: 30n, waiting: 30n });
});

test("a job that was stopped at the next coordinator is not begun by the one before, which does not know that it is fenced", async () => {
  const [a, b] = await two(10);
  const id = await prepare(a, CANCEL);
  await run(a, id, { delay: { seconds: 60n } });
  const unaware = a.store.hold("before", "checkOwner");
  await unaware.reached;
  await b.take(ALL);
  expect((await b.operations.bulk.stopBulk(CALLER, { id } as never)).bulk?.phase).toBe(BulkPhase.STOPPED);
  await run(a, id);
  await until("its note to be refused", async () =>
    (await get(a, id)).problem.includes("moved to another coordinator"),
  );
  expect((await get(a, id)).done).toBe(0);
  unaware.release();
  await a.stopped;
  expect(await countsOf(b)).toMatchObject({ waiting: 10n });
});

test("jobs that cannot be read when they are taken up are read again", async () => {
  const [a, b] = await two(10);
  const id = await prepare(a, CANCEL);
  await run(a, id, { delay: { seconds: 60n } });
  await a.engine.release(ALL);
  const reading = b.store.hold("before", "catalog.bulks");
  await b.take(ALL);
  await reading.reached;
  reading.fail(new StoreUnavailableError("away", false));
  await expect(get(b, id)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
  await until("they are read", () =>
    get(b, id).then(
      ({ phase }) => phase === BulkPhase.PENDING,
      () => false,
    ),
  );
  await run(b, id);
  expect(await become(b, id, BulkPhase.DONE)).toMatchObject({ changed: 10 });
});

test("a job that was only prepared is counted anew by the next, as of the same moment, and forgotten when it is left", async () => {
  const [a, b] = await two(40);
  const id = await prepare(a, CANCEL);
  const left = await prepare(a, CANCEL);
  const before = await get(a, id);
  await until("a later moment", () => Date.now() > timestampMs(before.createdAt!));
  await a.engine.release(ALL);
  await b.take(ALL);
  await submit(b, [{ type: "x" }]);
  const counted = await become(b, id, BulkPhase.READY);
  expect(counted).toMatchObject({ total: 40, done: 0, action: CANCEL, keyId: CALLER.keyId, filter: before.filter });
  expect(counted.samples).toHaveLength(5);
  await b.operations.bulk.stopBulk(CALLER, { id: left } as never);
  await run(b, id);
  expect(await become(b, id, BulkPhase.DONE)).toMatchObject({ total: 40, changed: 40 });
  expect(await countsOf(b)).toMatchObject({ cancelled: 40n, waiting: 1n });
  await until("the one that was left to go", async () => (await b.store.catalog.bulks()).length === 1);
});
