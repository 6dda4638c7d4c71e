import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, countTasks, type HeldHouse, useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

/** What callers are told while the database is away, and what becomes of it when it is back. */

const start = useEngines();
const AWAY = { code: "UNAVAILABLE", reason: "STORE_IN_DOUBT" };

async function startHouse(awayPatienceMs = 100): Promise<HeldHouse> {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  return start(open, { awayPatienceMs });
}

/** The database goes away under the next flush, and stays away until it is let back. */
function takeAway(house: HeldHouse) {
  const flush = house.store.hold("before", "flush");
  return {
    underWay: flush.reached,
    fail() {
      const again = house.store.hold("before", "flush");
      flush.fail(new StoreUnavailableError("The database cannot be reached.", false));
      return again;
    },
  };
}

/** Away for longer than anybody waits; a message with the request id "r1" is in the flush that is tried again. */
async function stayAway(house: HeldHouse) {
  const outage = takeAway(house);
  const inFlush = submit(house, [{ command: "in the flush" }], "r1");
  await outage.underWay;
  const back = outage.fail();
  await expect(inFlush).rejects.toMatchObject(AWAY);
  return back;
}

test("who waits is told after a while, and what was in no flush yet is not accepted after all", async () => {
  const house = await startHouse();
  const outage = takeAway(house);
  const inFlush = submit(house, [{ command: "x" }], "r1");
  await outage.underWay;
  const behind = submit(house, [{ command: "x", idempotencyKey: "k" }]);
  const back = outage.fail();
  await expect(inFlush).rejects.toMatchObject({ ...AWAY, message: expect.stringContaining("cannot be reached") });
  await expect(behind).rejects.toMatchObject(AWAY);
  // From now on nobody waits for nothing; that the first one was not accepted is not known.
  await expect(submit(house, [{ command: "x" }], "r1")).rejects.toMatchObject({
    ...AWAY,
    message: expect.stringContaining("whether this request is carried out shows when it can again"),
  });
  expect(house.engine.state.pending.messageBytes).toBe(0);

  back.release();
  const worker = new TestWorker(house, { credit: 10 });
  await worker.until((w) => w.leases.length === 1);
  expect(await submit(house, [{ command: "x" }], "r1")).toEqual([worker.leases[0]!.id]);
  await submit(house, [{ command: "x", idempotencyKey: "k" }]);
  await worker.until((w) => w.leases.length === 2);
  expect(await countTasks(house)).toMatchObject({ running: 2n, waiting: 0n });
});

test("a flush that does not come back is an outage too", async () => {
  const house = await startHouse();
  const flush = house.store.hold("before", "flush");
  const inFlush = submit(house, [{ command: "x" }], "r1");
  await flush.reached;
  await expect(inFlush).rejects.toMatchObject(AWAY);
  flush.release();
  await until("it is written after all", () => house.engine.state.flushBegan === 0);
  expect(await submit(house, [{ command: "x" }], "r1")).toHaveLength(1);
  expect(await countTasks(house)).toMatchObject({ waiting: 1n });
});

test("a waiting task whose cancel is refused is served when the database is back", async () => {
  const house = await startHouse();
  const ids: string[] = [];
  // More than a lane that nobody serves keeps in memory.
  for (let round = 0; round < 3; round++)
    ids.push(
      ...(await submit(
        house,
        Array.from({ length: 100 }, () => ({ command: "x" })),
      )),
    );
  const back = await stayAway(house);
  const refused = await cancelTasks(house, [ids[0]!, ids[250]!]);
  expect(refused.results.map(({ result }) => result)).toMatchObject([
    { case: "error", value: { code: 14 } },
    { case: "error", value: { code: 14 } },
  ]);
  back.release();
  const worker = new TestWorker(house, { credit: 50 });
  worker.succeedAll();
  await worker.until((w) => w.acks.length === 301);
  expect(worker.leases.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
});

test("a cancel is not asked for when it is refused, and carried out when its caller was told in the midst of it", async () => {
  const house = await startHouse();
  const worker = new TestWorker(house, { credit: 2 });
  const ids = await submit(house, [{ command: "x" }, { command: "x" }]);
  await worker.until((w) => w.leases.length === 2);
  const outage = takeAway(house);
  const inMidst = cancelTasks(house, [ids[0]!]);
  await outage.underWay;
  const back = outage.fail();
  const [told] = (await inMidst).results;
  expect(told?.result).toMatchObject({ case: "error", value: { code: 14 } });
  const [refused] = (await cancelTasks(house, [ids[1]!])).results;
  expect(refused?.result).toMatchObject({ case: "error", value: { code: 14 } });
  back.release();
  await worker.until((w) => w.cancels.length === 1);
  await submit(house, [{ command: "a flush later" }]);
  expect(worker.cancels.map(({ id }) => id)).toEqual([ids[0]]);
});

test("a submit that meets the outage while its lane is made known leaves nothing behind", async () => {
  const house = await startHouse();
  const lanes = house.store.hold("before", "catalog.internLanes", ([keys]) => String(keys).includes("other"));
  const keyed = submit(house, [{ command: "x", queue: "other", idempotencyKey: "k" }]);
  await lanes.reached;
  const back = await stayAway(house);
  lanes.release();
  await expect(keyed).rejects.toMatchObject(AWAY);
  expect(house.engine.state.pending).toMatchObject({ messageBytes: 0, keys: new Set() });
  back.release();
  await until("the database is back", () => house.engine.state.storeProblem === null);
  expect(await submit(house, [{ command: "x", queue: "other", idempotencyKey: "k" }])).toHaveLength(1);
});

test("an outage that is over before anybody loses patience is not noticed", async () => {
  const house = await startHouse(60_000);
  const outage = takeAway(house);
  const submitted = submit(house, [{ command: "x" }]);
  await outage.underWay;
  outage.fail().release();
  expect(await submitted).toHaveLength(1);
});

test("a database that comes back with a refusal is back: a repeated request after an outage leaves nothing shut", async () => {
  const url = await freshSqlite();
  const house = await start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }));
  const [id] = await submit(house, [{ command: "x" }], "request-1");
  const flush = house.store.hold("before", "flush");
  const again = submit(house, [{ command: "x" }], "request-1");
  await flush.reached;
  flush.fail(new StoreUnavailableError("the connection is gone", false));
  expect(await again).toEqual([id]);
  expect(house.engine.state.storeProblem).toBeNull();
});
