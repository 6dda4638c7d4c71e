import { expect, test } from "@jest/globals";
import { Problem } from "../../gateway/dashboard/src/api/problem.ts";
import { type BulkAction, BulkJob, type BulkTools, statusesFor } from "../../gateway/dashboard/src/bulk/bulk-job.ts";
import type { ListTasksRequestJson } from "../../proto/gen/tss/v1/task_service_pb.js";

const NOW = Date.parse("2026-03-01T12:00:00Z");

interface Asked {
  readonly method: string;
  readonly request: { readonly ids?: string[]; readonly requestId?: string } & ListTasksRequestJson;
}

/** A server with so many tasks, that notes what it is asked. */
function scene(count: number, action: BulkAction, request: ListTasksRequestJson = {}) {
  const asked: Asked[] = [];
  const pauses: number[] = [];
  const failures: Problem[] = [];
  const all = Array.from({ length: count }, (_, index) => ({ id: `t${index}`, name: `task ${index}` }));
  let answer = (id: string): object => ({ task: { id }, changed: true });
  const call = async (_service: string, method: string, body: Asked["request"]) => {
    asked.push({ method, request: body });
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    if (method !== "listTasks") return { results: body.ids?.map((id) => answer(id)) };
    const from = Number(body.cursor ?? 0);
    const to = from + (body.limit ?? 50);
    return { tasks: all.slice(from, to), ...(to < all.length ? { nextCursor: String(to) } : {}) };
  };
  const pause = async (ms: number) => void pauses.push(ms);
  const job = new BulkJob(action, request, { call, now: () => NOW, pause } as unknown as BulkTools);
  return {
    ...{ job, asked, pauses, failures },
    answers: (make: typeof answer) => {
      answer = make;
    },
    state: () => job.state.get(),
  };
}

test("it counts what is there now, shows some, and does nothing before it is told to", async () => {
  const { job, asked, state } = scene(1_201, "cancel", { queue: "mail" });
  await job.count();
  expect(state()).toMatchObject({ phase: "ready", total: 1_201, capped: false, done: 0 });
  expect(state().samples.map(({ id }) => id)).toEqual(["t0", "t1", "t2", "t3", "t4"]);
  expect(asked.map(({ method }) => method)).toEqual(["listTasks", "listTasks", "listTasks"]);
  expect(asked[0]?.request).toMatchObject({
    ...{ queue: "mail", createdBefore: "2026-03-01T12:00:00.000Z" },
    status: ["TASK_STATUS_WAITING", "TASK_STATUS_RUNNING"],
  });
});

test("an end that the search gives stays if it is earlier", () => {
  const { job, asked } = scene(0, "cancel", { createdBefore: "2026-02-01T00:00:00Z" });
  void job.count();
  expect(asked[0]?.request.createdBefore).toBe("2026-02-01T00:00:00Z");
});

test("every task is done once, and what came of it is counted", async () => {
  const { job, asked, answers, state } = scene(1_100, "cancel");
  answers((id) => {
    if (id === "t7") return { error: { message: "It is not yours." } };
    return { task: { id }, ...(id === "t8" ? {} : { changed: true }) };
  });
  await job.count();
  await job.run(0);
  expect(state()).toMatchObject({ phase: "done", done: 1_100, changed: 1_098, refused: 1 });
  expect(state().reasons).toEqual(["It is not yours."]);
  const done = asked.filter(({ method }) => method === "cancelTasks").flatMap(({ request }) => request.ids ?? []);
  expect(new Set(done).size).toBe(1_100);
  expect(done).toHaveLength(1_100);
});

test("a call whose answer was lost is made again as the same one", async () => {
  const { job, asked, pauses, failures, state } = scene(3, "retry");
  await job.count();
  failures.push(new Problem("OFFLINE", "gone"), new Problem("UNAVAILABLE", "not yet"));
  await job.run(0);
  expect(state()).toMatchObject({ phase: "done", changed: 3 });
  const ids = asked.filter(({ method }) => method === "retryTasks").map(({ request }) => request.requestId);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  expect(pauses).toEqual([1_000, 2_000]);
});

test("what cannot be done is said, and how far it came", async () => {
  const { job, failures, state } = scene(600, "retry");
  await job.count();
  failures.push(new Problem("PERMISSION_DENIED", "Your key may not."));
  await job.run(0);
  expect(state()).toMatchObject({ phase: "failed", done: 0, problem: "Your key may not." });
});

test("stopped, it ends after the call that is under way", async () => {
  const { job, asked, answers, state } = scene(2_000, "cancel");
  await job.count();
  answers((id) => {
    if (id === "t500") job.stop();
    return { task: { id }, changed: true };
  });
  await job.run(0);
  expect(state()).toMatchObject({ phase: "stopped", done: 1_000, changed: 1_000 });
  expect(asked.filter(({ method }) => method === "cancelTasks")).toHaveLength(2);
});

test("spread over time, so many go in a second", async () => {
  const { job, asked, pauses } = scene(25, "retry");
  await job.count();
  await job.run(10);
  expect(asked.filter(({ method }) => method === "retryTasks").map(({ request }) => request.ids?.length)).toEqual([
    10, 10, 5,
  ]);
  expect(pauses).toEqual([1_000, 1_000]);
});

test("more than one job takes is said", async () => {
  const { job, state } = scene(100_500, "cancel");
  await job.count();
  expect(state()).toMatchObject({ phase: "ready", total: 100_000, capped: true });
});

test("what is not for the action is left out of it", () => {
  expect(statusesFor("cancel", { status: ["TASK_STATUS_FAILED", "TASK_STATUS_RUNNING"] })).toEqual([
    "TASK_STATUS_RUNNING",
  ]);
  expect(statusesFor("cancel", { status: ["TASK_STATUS_FAILED"] })).toEqual([]);
  // What succeeded is run again only where it is asked for.
  expect(statusesFor("retry", {})).toEqual(["TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED"]);
  expect(statusesFor("retry", { status: ["TASK_STATUS_SUCCEEDED"] })).toEqual(["TASK_STATUS_SUCCEEDED"]);
  expect(statusesFor("retry", { failure: "0123456789abcdef" })).toEqual(["TASK_STATUS_FAILED"]);
  expect(statusesFor("cancel", { failure: "0123456789abcdef" })).toEqual([]);
});
