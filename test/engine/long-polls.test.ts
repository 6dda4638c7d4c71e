import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import {
  HeldLeaseSchema,
  LeaseTasksRequestSchema,
  ReportTasksRequestSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { CALLER, submit } from "../support/engine-house.ts";
import { cancelTasks, getTask, type HeldHouse, useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();

async function house(): Promise<HeldHouse> {
  const url = await freshSqlite();
  return start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }), { leaseTtlMs: 60_000 });
}

const WORKER = { name: "simple", slots: 10, commands: true };
const WAIT = { seconds: 40n };

interface Given {
  readonly id: string;
  readonly token: number;
}

function poll(
  { operations }: HeldHouse,
  request: MessageInitShape<typeof LeaseTasksRequestSchema>,
  signal = new AbortController().signal,
) {
  return operations.workers.leaseTasks(CALLER, create(LeaseTasksRequestSchema, request), signal);
}

const heldOf = (leases: readonly Given[]) =>
  leases.map(({ id, token }) => create(HeldLeaseSchema, { id, fencingToken: BigInt(token) }));

test("a cancel between two polls is told by the next at once, and once", async () => {
  const coordinator = await house();
  const [id] = await submit(coordinator, [{ command: "x" }]);
  const { sessionId, leases = [] } = await poll(coordinator, { worker: WORKER, max: 1, wait: WAIT });
  expect(leases).toMatchObject([{ id }]);
  await cancelTasks(coordinator, [id!]);
  const held = heldOf(leases);
  const told = await poll(coordinator, { sessionId, held, wait: WAIT });
  expect(told.cancels).toEqual([{ id, token: leases[0]!.token, reason: TaskReason.ABORTED }]);
  const next = await poll(coordinator, { sessionId, held, wait: { nanos: 1 } });
  expect(next.cancels).toEqual([]);
});

test("a cancel during a poll ends it", async () => {
  const coordinator = await house();
  const [id] = await submit(coordinator, [{ command: "x" }]);
  const { sessionId, leases = [] } = await poll(coordinator, { worker: WORKER, max: 1, wait: WAIT });
  const waiting = poll(coordinator, { sessionId, held: heldOf(leases), wait: WAIT });
  await cancelTasks(coordinator, [id!]);
  expect((await waiting).cancels).toMatchObject([{ id }]);
});

test("the answer to a report carries the cancels of what is held", async () => {
  const coordinator = await house();
  const ids = await submit(coordinator, [{ command: "x" }, { command: "y" }]);
  const { sessionId, leases = [] } = await poll(coordinator, { worker: WORKER, max: 2, wait: WAIT });
  expect(leases).toHaveLength(2);
  await cancelTasks(coordinator, [ids[1]!]);
  const outcomes = [{ id: ids[0]!, fencingToken: BigInt(leases[0]!.token), outcome: AttemptOutcome.SUCCEEDED }];
  const request = create(ReportTasksRequestSchema, { sessionId, outcomes });
  const answer = await coordinator.operations.workers.reportTasks(CALLER, request);
  expect(answer.outcomeAcks).toMatchObject([{ accepted: true }]);
  expect(answer.cancels).toMatchObject([{ id: ids[1], reason: TaskReason.ABORTED }]);
});

test("a report of a beginning and of progress alone is taken", async () => {
  const coordinator = await house();
  const [id] = await submit(coordinator, [{ command: "x" }]);
  const { sessionId, leases = [] } = await poll(coordinator, { worker: WORKER, max: 1, wait: WAIT });
  const lease = { id: id!, fencingToken: BigInt(leases[0]!.token) };
  const report = (request: MessageInitShape<typeof ReportTasksRequestSchema>) =>
    coordinator.operations.workers.reportTasks(CALLER, create(ReportTasksRequestSchema, { sessionId, ...request }));
  await report({ starts: [{ ...lease, startedAt: { seconds: 7n } }] });
  await report({ progress: [{ ...lease, percent: 40, message: "resizing", messages: ["half"] }] });
  expect(await getTask(coordinator, id!)).toMatchObject({
    startedAt: { seconds: 7n },
    progress: { percent: 40, message: "resizing" },
    messages: [{ text: "half" }],
  });
});

test("a lease that is not the worker's any more is told as lost", async () => {
  const coordinator = await house();
  await submit(coordinator, [{ command: "x" }]);
  const { sessionId, leases = [] } = await poll(coordinator, { worker: WORKER, max: 1, wait: WAIT });
  const held = heldOf([{ ...leases[0]!, token: leases[0]!.token - 1 }]);
  const answer = await poll(coordinator, { sessionId, held, wait: WAIT });
  expect(answer.cancels).toEqual([{ id: leases[0]!.id, token: leases[0]!.token - 1, reason: TaskReason.LOST }]);
});

test("leases of a poll that nobody waits for any more go back at no cost", async () => {
  const coordinator = await house();
  const gone = new AbortController();
  const { sessionId } = await poll(coordinator, { worker: WORKER, max: 0 });
  const flush = coordinator.store.hold("before", "flush");
  const [submitted, unheard] = [
    submit(coordinator, [{ command: "x" }]),
    poll(coordinator, { sessionId, max: 1, wait: WAIT }, gone.signal),
  ];
  await flush.reached;
  gone.abort();
  flush.release();
  const [[id]] = await Promise.all([submitted, unheard]);
  const again = await poll(coordinator, { sessionId, max: 1, wait: WAIT });
  expect(again.leases).toMatchObject([{ id, attempt: 1 }]);
});

test("leases that one message does not hold come with the next polls", async () => {
  const coordinator = await house();
  const payload = { data: new Uint8Array(256 * 1024), contentType: "application/octet-stream" };
  const ids: string[] = [];
  for (let at = 0; at < 20; at++) ids.push(...(await submit(coordinator, [{ type: "big", payload }])));
  const worker = { ...WORKER, types: ["big"] };
  let { sessionId, leases = [] } = await poll(coordinator, { worker, max: 20, wait: WAIT });
  const taken = [...leases];
  while (taken.length < ids.length) {
    const bytes = leases.reduce((sum, { spec }) => sum + spec.length, 0);
    expect(bytes).toBeLessThan(4 * 1024 * 1024);
    expect(leases.length).toBeGreaterThan(0);
    ({ sessionId, leases = [] } = await poll(coordinator, { sessionId, held: heldOf(taken), max: 20, wait: WAIT }));
    taken.push(...leases);
  }
  expect(taken.map(({ id }) => id)).toEqual(ids);
  expect(taken.every(({ attempt }) => attempt === 1)).toBe(true);
  expect((await getTask(coordinator, ids[0]!)).attempt).toBe(1);
});

test("a poll that a newer one has replaced gives nothing away", async () => {
  const coordinator = await house();
  const { sessionId } = await poll(coordinator, { worker: WORKER, max: 0 });
  const old = poll(coordinator, { sessionId, max: 1, wait: WAIT });
  const newer = poll(coordinator, { sessionId, max: 1, wait: WAIT });
  const [id] = await submit(coordinator, [{ command: "x" }]);
  expect((await old).leases).toEqual([]);
  expect((await newer).leases).toMatchObject([{ id }]);
});
