import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, countTasks, type HeldHouse, useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

/** What callers are told while the database is away, and what becomes of it when it is back. */

const start = useEngines();
const AWAY = { code: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" };

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

test("who waits is told after a while, and what was in no flush yet is not accepted after all", async () => {
  const house = await startHouse();
  const outage = takeAway(house);
  const inFlush = submit(house, [{ command: "x" }], "r1");
  await outage.underWay;
  const behind = submit(house, [{ command: "x", idempotencyKey: "k" }]);
  const back = outage.fail();
  await expect(inFlush).rejects.toMatchObject({ ...AWAY, message: expect.stringContaining("same request_id") });
  await expect(behind).rejects.toMatchObject(AWAY);
  // From now on nobody waits for nothing.
  await expect(submit(house, [{ command: "x" }])).rejects.toMatchObject({
    ...AWAY,
    message: expect.stringMatching(/nothing was accepted.*cannot be reached/),
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

test("a cancel whose caller was told that the database is away is carried out when it is back", async () => {
  const house = await startHouse();
  const worker = new TestWorker(house, { credit: 1 });
  const [id] = await submit(house, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  const outage = takeAway(house);
  const cancelled = cancelTasks(house, [id!]);
  await outage.underWay;
  const back = outage.fail();
  const [result] = (await cancelled).results;
  expect(result?.result).toMatchObject({ case: "error", value: { code: 14 } });
  back.release();
  await worker.until((w) => w.cancels.length === 1);
  expect(worker.cancels).toMatchObject([{ id }]);
});

test("an outage that is over before anybody loses patience is not noticed", async () => {
  const house = await startHouse(60_000);
  const outage = takeAway(house);
  const submitted = submit(house, [{ command: "x" }]);
  await outage.underWay;
  outage.fail().release();
  expect(await submitted).toHaveLength(1);
});
