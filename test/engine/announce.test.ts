import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { freshDatabase } from "../support/database.ts";
import { submit, TestWorker } from "../support/engine-house.ts";
import { useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { join } from "./shared-owner.ts";

const start = useEngines();
/** What is said is remembered for a lease term, however long the shards take to come. */
const LONG = { leaseTtlMs: 120_000 };
const ALL = Array.from({ length: 64 }, (_, shard) => shard);
const batch = (count: number) => Array.from({ length: count }, () => ({ command: "x" }));
const idsOf = (leases: readonly { readonly id: string }[] | undefined) => leases?.map(({ id }) => id);

test("a session that its worker has given up is over with a coordinator that lives, too: what did not arrive runs", async () => {
  const a = await join(await freshDatabase(), "a", LONG);
  await a.take(ALL);
  await submit(a, batch(3));
  const before = new TestWorker(a, { credit: 3 });
  await before.until((w) => w.leases.length === 3);
  const arrived = before.leases.slice(0, 2);
  const after = new TestWorker(a, { held: arrived });
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(idsOf(after.welcome?.adopted)).toEqual(idsOf(arrived));
  after.announce(before.sessionId, arrived);
  expect(idsOf(after.adoption?.adopted)).toEqual(idsOf(arrived));
  after.credit(5);
  await after.until((w) => w.leases.length === 1);
  expect(after.leases[0]).toMatchObject({ id: before.leases[2]!.id, attempt: 1 });
  expect(a.engine.state.sessions.has(before.sessionId)).toBe(false);
  for (const lease of [...arrived, ...after.leases]) after.report(lease);
  await after.until((w) => w.acks.length === 3);
  expect(after.acks.every(({ accepted }) => accepted)).toBe(true);
});

test("nobody ends a session of another key, and no session ends itself", async () => {
  const a = await join(await freshDatabase(), "a", LONG);
  await a.take(ALL);
  await submit(a, batch(1));
  const worker = new TestWorker(a, { credit: 1 });
  await worker.until((w) => w.leases.length === 1);
  const stranger = new TestWorker(a, { keyId: "another" });
  stranger.announce(worker.sessionId, []);
  worker.announce(worker.sessionId, []);
  expect(a.engine.state.sessions.get(worker.sessionId)?.held.size).toBe(1);
  worker.report(worker.leases[0]!);
  await worker.until((w) => w.acks.length === 1);
});

test("what is said of shards that moved says nothing of others: they go on when they move, too", async () => {
  const url = await freshDatabase();
  const [a, b] = [await join(url, "a", LONG), await join(url, "b", LONG)];
  await a.take(ALL);
  await submit(a, batch(2));
  const worker = new TestWorker(a, { credit: 4 });
  await worker.until((w) => w.leases.length === 2);
  const first = a.engine.state.ids.decode(worker.leases[0]!.id)!.shard;
  await a.engine.release([first]);
  await b.take([first]);
  const there = new TestWorker(b);
  there.announce("", worker.moved);
  // Given by the same session, later.
  await submit(a, batch(2));
  await worker.until((w) => w.leases.length === 4);
  const rest = ALL.filter((shard) => shard !== first);
  await a.engine.release(rest);
  await b.take(rest);
  expect(b.engine.state.items.size).toBe(4);
  expect([...b.engine.state.items.values()].every(({ state }) => state === "running")).toBe(true);
  there.credit(5);
  there.announce("", worker.moved);
  for (const lease of worker.leases) there.report(lease);
  await there.until((w) => w.acks.length === 4);
  expect(there.leases).toEqual([]);
});

test("everything of a session that is over is named: what was adopted before it moves again runs once", async () => {
  const url = await freshDatabase();
  const [a, b, c] = [await join(url, "a", LONG), await join(url, "b", LONG), await join(url, "c", LONG)];
  await a.take(ALL);
  await submit(a, batch(4));
  const dead = new TestWorker(a, { credit: 4 });
  await dead.until((w) => w.leases.length === 4);
  const held = dead.leases.slice(0, 3);
  const [atB, atC] = [new TestWorker(b, { credit: 9 }), new TestWorker(c, { credit: 9 })];
  await b.take(ALL);
  // C hears of it, too, and remembers it until the shards come.
  for (const worker of [atB, atC]) worker.announce(dead.sessionId, held);
  await atB.until((w) => w.leases.length === 1);
  expect(atB.leases[0]?.id).toBe(dead.leases[3]!.id);
  await c.take(ALL);
  expect(atC.leases).toEqual([]);
  atC.announce(atB.sessionId, atB.leases);
  atC.announce(dead.sessionId, held);
  for (const lease of [...held, ...atB.leases]) atC.report(lease);
  await atC.until((w) => w.acks.length === 4);
  expect(atC.acks.every(({ accepted }) => accepted)).toBe(true);
  expect(atC.leases).toEqual([]);
});

test("a worker that comes back to one of several, before its shards do, loses nothing that it holds", async () => {
  const url = await freshDatabase();
  const a = await join(url, "a", LONG);
  await a.take(ALL);
  await submit(a, batch(3));
  const before = new TestWorker(a, { credit: 3 });
  await before.until((w) => w.leases.length === 3);
  const again = await join(url, "a again", LONG);
  const held = before.leases.slice(0, 2);
  const worker = new TestWorker(again, { sessionId: before.sessionId, held });
  expect(worker.sessionId).not.toBe(before.sessionId);
  expect(idsOf(worker.welcome?.elsewhere)).toEqual(idsOf(held));
  worker.credit(3);
  await again.take(ALL);
  await worker.until((w) => w.leases.length === 1);
  expect(worker.leases[0]).toMatchObject({ id: before.leases[2]!.id, attempt: 1 });
  worker.announce("", held);
  expect(idsOf(worker.adoption?.adopted)).toEqual(idsOf(held));
});

test("a lease is known by its task and token together: tokens of two shards may be alike", async () => {
  const url = await freshSqlite();
  const house = await start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }));
  const worker = new TestWorker(house, { credit: 2 });
  for (const shard of [0, 1]) {
    Object.assign(house.engine.state.placing, { shard, left: 100, until: Number.POSITIVE_INFINITY });
    await submit(house, batch(1));
  }
  await worker.until((w) => w.leases.length === 2);
  const [first, second] = worker.leases as [(typeof worker.leases)[number], (typeof worker.leases)[number]];
  expect(first.token).toBe(second.token);
  worker.drop();
  const back = new TestWorker(house, { credit: 1, sessionId: worker.sessionId, held: [first] });
  await back.until((w) => w.leases.length === 1);
  expect(back.leases[0]).toMatchObject({ id: second.id, attempt: 1 });
});

test("what is announced while its shard is being read is adopted once it is served: a report that comes at once counts", async () => {
  const url = await freshDatabase();
  const [a, b] = [await join(url, "a", LONG), await join(url, "b", LONG)];
  await a.take(ALL);
  await submit(a, batch(2));
  const worker = new TestWorker(a, { credit: 2 });
  await worker.until((w) => w.leases.length === 2);
  // Read, and not served yet.
  const reading = b.store.hold("before", "recovery.due");
  const taken = b.take(ALL);
  await reading.reached;
  const there = new TestWorker(b);
  const announce = () => there.announce(worker.sessionId, worker.leases);
  announce();
  expect(idsOf(there.adoption?.elsewhere)).toEqual(idsOf(worker.leases));
  expect(there.adoption?.adopted).toEqual([]);
  reading.release();
  await taken;
  announce();
  expect(idsOf(there.adoption?.adopted)).toEqual(idsOf(worker.leases));
  for (const lease of worker.leases) there.report(lease);
  await there.until((w) => w.acks.length === 2);
  expect(there.acks.every(({ accepted }) => accepted)).toBe(true);
});
