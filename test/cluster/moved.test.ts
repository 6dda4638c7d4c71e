import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { shardOfKey } from "../../coordinator/engine/place.ts";
import { Shard } from "../../coordinator/engine/shard.ts";
import { ShardSet } from "../../coordinator/engine/shard-set.ts";
import { type EngineState, movedError } from "../../coordinator/engine/state.ts";
import { submitTasks } from "../../coordinator/engine/submit.ts";
import type { Admission } from "../../coordinator/kernel/admit.ts";
import type { Caller, TaskOperations } from "../../coordinator/operations/operations.ts";
import { retryTasks } from "../../coordinator/operations/retry-tasks.ts";
import { routeTasks } from "../../coordinator/operations/route-tasks.ts";
import { STATUS_CODES } from "../../proto/errors.ts";
import { RetryTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";

const MOVED = { code: "UNAVAILABLE", reason: "NOT_OWNER" };

/** A coordinator that serves these shards, as far as submits and routes look at it. */
function coordinatorOf(...serving: number[]): EngineState {
  const shards = new ShardSet(64);
  for (const number of serving) {
    const shard = new Shard(number, 1);
    shard.phase = "serving";
    shards.add(shard);
  }
  const pending = { messages: [], messageBytes: 0, keys: new Set() };
  return {
    ...{ shards, pending, laneIds: new Map([["lane", 1]]), stopped: null, storeProblem: null, flushBegan: 0 },
    ...{ config: { inboxBytes: 1_000_000 }, waiting: new Set(), wake: () => {}, clock: { monotonic: () => 0 } },
    ids: { decode: (id: string) => ({ shard: Number(id), lane: 1, seq: 1 }) },
  } as unknown as EngineState;
}

function submit(state: EngineState, key?: string) {
  const idempotency = key === undefined ? null : { key };
  const admission = { laneKey: "lane", spec: new Uint8Array(), idempotency } as unknown as Admission;
  return submitTasks(state, { admissions: [admission], submittedBy: "", now: 0, requestId: "r" });
}

test("what was passed on to a coordinator that owns nothing is refused, to be sent again", async () => {
  const state = coordinatorOf();
  await expect(submit(state)).rejects.toMatchObject(MOVED);
  expect(state.pending).toMatchObject({ messages: [], messageBytes: 0 });
});

test("a key whose shard is another's by now is refused, and free again", async () => {
  const shard = shardOfKey("key", 64);
  const state = coordinatorOf((shard + 1) % 64);
  await expect(submit(state, "key")).rejects.toMatchObject(MOVED);
  expect([...state.pending.keys]).toEqual([]);
  const owner = coordinatorOf(shard);
  void submit(owner, "key");
  await new Promise((resolve) => setImmediate(resolve));
  expect(owner.pending.messages).toHaveLength(1);
});

test("a read that was passed on to the owner of before is sent on, not answered", async () => {
  const local = { getTask: async () => ({ task: { id: "here" } }) } as unknown as TaskOperations;
  const route = (state: EngineState) => routeTasks(state, local, {} as never, {} as never);
  const caller = { forwarded: true } as unknown as Caller;
  await expect(route(coordinatorOf(2)).getTask(caller, { id: "1" } as never)).rejects.toMatchObject(MOVED);
  expect(await route(coordinatorOf(1)).getTask(caller, { id: "1" } as never)).toEqual({ task: { id: "here" } });
});

test("tasks whose shard is nobody's for a moment are waited for; what is theirs meanwhile is done", async () => {
  const asked: string[][] = [];
  const cancelTasks = async (_caller: Caller, { ids }: { readonly ids: readonly string[] }) => {
    asked.push([...ids]);
    return { results: ids.map((id) => ({ result: { case: "task", value: { id } }, changed: true })) };
  };
  let nobodys = 2;
  const routes = {
    ownerOf(shard: number) {
      if (shard === 2 && nobodys-- > 0) throw movedError();
      return null;
    },
    doubt: () => {},
  };
  const tasks = routeTasks(coordinatorOf(1), { cancelTasks } as never, routes as never, {} as never);
  const { results } = await tasks.cancelTasks({ keyId: "k" } as never, { ids: ["1", "2", "1"] } as never);
  expect(asked).toEqual([["1", "1"], ["2"]]);
  expect(results.map(({ result }) => result)).toMatchObject([
    { value: { id: "1" } },
    { value: { id: "2" } },
    { value: { id: "1" } },
  ]);
});

test("a task is not run again by who does not own it any more", async () => {
  const request = create(RetryTasksRequestSchema, { ids: ["1"] });
  const { results } = await retryTasks(coordinatorOf(2), { keyId: "k" } as never, request);
  expect(results).toMatchObject([{ result: { case: "error", value: { code: STATUS_CODES.UNAVAILABLE } } }]);
});
