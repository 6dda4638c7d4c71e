import { expect, test } from "@jest/globals";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { FencedError } from "../../coordinator/ports/store-errors.ts";
import { freshDatabase } from "../support/database.ts";
import { startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { cancelTasks, getTask } from "../support/engines.ts";
import { heldStore } from "../support/held-store.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const NEVER = 86_400_000;
/** No duty that writes comes round: what is learned is learned by asking. */
const IDLE = { checkpointMs: NEVER, janitorMs: NEVER };

test.each([
  ["SQLite", sqliteStore, freshSqlite],
  ["Postgres", postgresStore, freshDatabase],
])("%s: an owner with nothing to write learns by itself that another has taken over", async (_name, plugin, fresh) => {
  const url = await fresh();
  const open = () => plugin.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await startEngine(await open(), IDLE);
  await submit(first, [{ command: "true" }]);
  const second = await startEngine(await open(), IDLE, true);
  expect(await first.stopped).toBeInstanceOf(FencedError);
  await expect(submit(first, [{ command: "true" }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await submit(second, [{ command: "true" }]);
  await first.close();
  await second.close();
});

test("an owner that learns only while it stops that another has taken over stops all the same", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await startEngine(await open(), IDLE);
  const second = await startEngine(await open(), IDLE, true);
  const late = submit(first, [{ command: "true" }]);
  late.catch(() => {});
  await first.close();
  await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await first.stopped).toBeInstanceOf(FencedError);
  await second.close();
});

test("an owner that is fenced while it stops does stop", async () => {
  const url = await freshSqlite();
  const store = heldStore(await sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }));
  const house = await startEngine(store, IDLE);
  const flush = store.hold("before", "flush");
  const submitted = submit(house, [{ command: "true" }]);
  await flush.reached;
  const stopped = house.engine.stop();
  flush.fail(new FencedError());
  await expect(submitted).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await stopped;
  await store.close();
});

test("an owner that has not learned yet that it is fenced says nothing about leases and tasks of the next one", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const store = heldStore(await open());
  const first = await startEngine(store, IDLE);
  await submit(first, [{ command: "true" }]);
  const asking = store.hold("before", "checkOwner");
  await asking.reached;
  const second = await startEngine(await open(), { ...IDLE, segmentRows: 1, janitorMs: 50 }, true);
  const worker = new TestWorker(second, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  const astray = new TestWorker(first, { held: worker.leases });
  expect([astray.welcome, astray.ended]).toMatchObject([undefined, { code: "UNAVAILABLE", reason: "TOKEN_UNKNOWN" }]);
  astray.report(worker.leases[0]!);
  expect(astray.acks).toEqual([]);
  // The next owner has segments of its own.
  await submit(second, [{ command: "true" }]);
  await until("a segment is opened", async () => (await store.segments.list()).length > 1);
  const [id] = await submit(second, [{ command: "true" }]);
  await expect(getTask(first, id!)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const [other] = await submit(second, [{ command: "true", queue: "of-the-next-one" }]);
  const { results } = await cancelTasks(first, [id!, other!]);
  for (const { result } of results) expect(result).toMatchObject({ case: "error", value: { code: 14 } });
  asking.release();
  await first.stopped;
  expect(astray.acks).toEqual([]);
  await first.close();
  await second.close();
});
