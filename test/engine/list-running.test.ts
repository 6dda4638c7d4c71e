import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { getTask, type HeldHouse, useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();
const { RUNNING, SUCCEEDED, WAITING } = TaskStatus;

let house: HeldHouse;
let worker: TestWorker;
/** Oldest first: ended, running, running, ended, running; a backlog waits before and behind them. */
let ids: string[];

beforeEach(async () => {
  const url = await freshSqlite();
  house = await start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }), { leaseTtlMs: 60_000 });
  const backlog = () =>
    submit(
      house,
      Array.from({ length: 500 }, () => ({ command: "x", queue: "waits" })),
    );
  await backlog();
  worker = new TestWorker(house, { credit: 5, queues: ["runs"] });
  ids = [];
  for (const name of ["a", "b", "a", "a", "b"])
    ids.push(...(await submit(house, [{ command: "x", queue: "runs", name, labels: { of: name } }])));
  await worker.until((w) => w.leases.length === 5);
  for (const at of [0, 3]) worker.report(worker.leases.find(({ id }) => id === ids[at])!);
  await worker.until((w) => w.acks.length === 2);
  await backlog();
});

async function list(request: MessageInitShape<typeof ListTasksRequestSchema>) {
  const page = await house.operations.tasks.listTasks(CALLER, create(ListTasksRequestSchema, request));
  return { ...page, ids: page.tasks.map(({ id }) => id) };
}

test("what runs is listed newest first without a look at what waits", async () => {
  let asked = 0;
  house.store.hold("before", "reads.list", () => {
    asked++;
    return false;
  });
  const { ids: listed, nextCursor, tasks } = await list({ status: [RUNNING] });
  expect(listed).toEqual([ids[4], ids[2], ids[1]]);
  expect(nextCursor).toBe("");
  expect(tasks.every(({ status }) => status === RUNNING)).toBe(true);
  expect(asked).toBe(0);
});

test("pages of what runs follow one another", async () => {
  const first = await list({ status: [RUNNING], limit: 2 });
  expect(first.ids).toEqual([ids[4], ids[2]]);
  const second = await list({ status: [RUNNING], limit: 2, cursor: first.nextCursor });
  expect(second.ids).toEqual([ids[1]]);
  expect(second.nextCursor).toBe("");
});

test("what runs and what has ended are one list, page by page", async () => {
  for (const limit of [1, 2, 3, 10]) {
    const listed: string[] = [];
    let cursor = "";
    do {
      const page = await list({ status: [RUNNING, SUCCEEDED], limit, cursor });
      expect(page.ids.length).toBeLessThanOrEqual(limit);
      listed.push(...page.ids);
      cursor = page.nextCursor;
    } while (cursor !== "");
    expect(listed).toEqual([...ids].reverse());
  }
});

test("names, labels, queues and times narrow what runs", async () => {
  const status = [RUNNING];
  expect((await list({ status, name: "a" })).ids).toEqual([ids[2]]);
  expect((await list({ status, label: ["of=b"] })).ids).toEqual([ids[4], ids[1]]);
  expect((await list({ status, label: ["of"] })).ids).toEqual([ids[4], ids[2], ids[1]]);
  expect((await list({ status, queue: "waits" })).ids).toEqual([]);
  expect((await list({ status, createdAfter: timestampFromMs(Date.now()) })).ids).toEqual([]);
  expect((await list({ status, createdBefore: timestampFromMs(Date.now() + 1_000) })).ids).toHaveLength(3);
});

test("one whose end is on its way still runs; waiting and running together are both", async () => {
  const flush = house.store.hold("before", "flush");
  worker.report(worker.leases.find(({ id }) => id === ids[4])!);
  await flush.reached;
  expect((await list({ status: [RUNNING] })).ids).toContain(ids[4]);
  flush.release();
  await worker.until((w) => w.acks.length === 3);
  expect((await list({ status: [RUNNING] })).ids).toEqual([ids[2], ids[1]]);
  expect((await getTask(house, ids[4]!)).status).toBe(SUCCEEDED);
  const both = await list({ status: [WAITING, RUNNING], limit: 500 });
  expect(both.ids).toHaveLength(500);
  const rest = await list({ status: [WAITING, RUNNING], limit: 500, cursor: both.nextCursor });
  expect(rest.ids).toEqual(expect.arrayContaining([ids[2], ids[1]]));
});
