import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskLockSchema, TaskReason, TaskSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { taskSpec } from "../../sdk/typescript/client/task-spec.ts";
import { taskView } from "../../sdk/typescript/client/task-view.ts";
import { payloadCodec } from "../../sdk/typescript/codecs/payload-codec.ts";
import { type AttemptContext, StoppedError, type TaskRequest, taskType } from "../../sdk/typescript/index.ts";
import { causeOf } from "../../sdk/typescript/worker/handler-errors.ts";
import { HandlerFloor } from "../../sdk/typescript/worker/handler-floor.ts";
import { createFakeCoordinator } from "../support/fake-coordinator.ts";

const silent = { onLogAck: () => {}, onOutcomeAck: () => {}, onDrain: () => {} };

/** A worker with one slot and one handler for the type "work". */
function workAt(coordinator: ReturnType<typeof createFakeCoordinator>, run: (task: AttemptContext) => unknown) {
  const handler = taskType<unknown, unknown>("work").handler((_input, task) => run(task));
  const session = coordinator.open({
    worker: {},
    held: () => floor.held(),
    events: {
      ...silent,
      onConnected: () => floor.connected(),
      onLease: (lease) => floor.lease(lease),
      onCancel: (order) => floor.stop(order, causeOf(order.reason)),
      onOutcomeAck: ({ id, token }) => floor.acknowledged(id, token),
    },
  });
  const floor = new HandlerFloor(session, payloadCodec(), new Map([["work", handler as never]]), 1);
  floor.offer();
  return floor;
}

test("a handler sees the token of each lock its task holds", async () => {
  const coordinator = createFakeCoordinator();
  const seen: unknown[] = [];
  const floor = workAt(coordinator, ({ locks }) => void seen.push([...locks]));
  const locks = [
    { name: "a", token: 12n },
    { name: "b", token: 9_007_199_254_740_991n },
  ].map((lock) => create(TaskLockSchema, lock));
  await coordinator.outcome(coordinator.lease({ type: "work" }, { locks }));
  await coordinator.outcome(coordinator.lease({ type: "work" }));
  expect(seen).toEqual([
    [
      ["a", 12],
      ["b", Number.MAX_SAFE_INTEGER],
    ],
    [],
  ]);
  floor.close();
});

test("a handler whose lock is lost is told so by its signal, and its attempt fails as lock_lost", async () => {
  const coordinator = createFakeCoordinator();
  const floor = workAt(coordinator, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw signal.reason;
  });
  const given = coordinator.lease({ type: "work" });
  await coordinator.started(given);
  coordinator.cancel(given, TaskReason.LOCK_LOST);
  const message = "A lock that the attempt held was taken away or could not be renewed in time.";
  expect(await coordinator.outcome(given)).toMatchObject({
    outcome: AttemptOutcome.FAILED,
    reason: TaskReason.LOCK_LOST,
    error: { type: "StoppedError", message },
  });
  floor.close();
});

test("one that does not listen is reported after its grace, and one that returns has done its work", async () => {
  const coordinator = createFakeCoordinator();
  const end = Promise.withResolvers<void>();
  const floor = workAt(coordinator, () => end.promise);
  const deaf = coordinator.lease({ type: "work" }, { cancelGrace: { seconds: 0n, nanos: 20_000_000 } });
  await coordinator.started(deaf);
  coordinator.cancel(deaf, TaskReason.LOCK_LOST);
  expect(await coordinator.outcome(deaf)).toMatchObject({ reason: TaskReason.LOCK_LOST });
  const done = coordinator.lease({ type: "work" });
  await coordinator.started(done);
  coordinator.cancel(done, TaskReason.LOCK_LOST);
  end.resolve();
  expect(await coordinator.outcome(done)).toMatchObject({ outcome: AttemptOutcome.SUCCEEDED });
  floor.close();
});

test("every order to stop has its cause, and an unknown one is a cancel", () => {
  const { ABORTED, TIMED_OUT, HEARTBEAT, LOCK_LOST, LOST, SUPERSEDED } = TaskReason;
  expect([ABORTED, TIMED_OUT, HEARTBEAT, LOCK_LOST, LOST, SUPERSEDED].map(causeOf)).toEqual([
    "aborted",
    "timed_out",
    "heartbeat",
    "lock_lost",
    "lost",
    "aborted",
  ]);
  expect(new StoppedError("lock_lost")).toMatchObject({ reason: "lock_lost" });
});

test("locks are submitted by name or with their permits", () => {
  const spec = taskSpec({ command: "true", locks: ["deploy", { name: "gpu", permits: 2 }, { name: "db" }] }, undefined);
  expect(spec.locks).toEqual([{ name: "deploy" }, { name: "gpu", permits: 2 }, { name: "db", permits: 0 }]);
  expect(taskSpec({ command: "true" }, undefined).locks).toBeUndefined();
});

test.each<[unknown, string]>([
  ["deploy", 'locks is no list; it is one such as ["deploy"].'],
  [[7], "locks[0] is number; it is a text."],
  [[null], "locks[0] is object; it is a text."],
  [["a", { permits: 2 }], "locks[1].name is undefined; it is a text."],
  [[{ name: "a", permit: 2 }], "locks[0].permit is no option of a task; these are: name, permits."],
  [[{ name: "a", permits: 1.5 }], "locks[0].permits is 1.5; it is a whole number of 0 or more."],
  [[{ name: "a", permits: -1 }], "locks[0].permits is -1; it is a whole number of 0 or more."],
])("locks of %j are refused with their field", (locks, message) => {
  expect(() => taskSpec({ command: "true", locks } as TaskRequest, undefined)).toThrow(message);
});

test("an attempt shows the tokens it was given", () => {
  const task = create(TaskSchema, { attempts: [{ number: 1, locks: [{ name: "db", token: 12n }] }, { number: 2 }] });
  expect(taskView(task).attempts.map(({ locks }) => [...locks])).toEqual([[["db", 12]], []]);
});
