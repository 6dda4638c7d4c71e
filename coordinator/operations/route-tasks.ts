import { create } from "@bufbuild/protobuf";
import {
  CancelTasksRequestSchema,
  CancelTasksResponseSchema,
  RetryTasksRequestSchema,
  RetryTasksResponseSchema,
  TaskService,
  type WaitTaskRequest,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { type EngineState, isServing, movedError } from "../engine/state.ts";
import { durationMs } from "../kernel/time.ts";
import { atOwner } from "./at-owner.ts";
import { eachAtOwner } from "./each-at-owner.ts";
import { mergeWatches } from "./merge-watches.ts";
import type { Caller, TaskOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";
import { routeList } from "./route-list.ts";
import { routeSubmits } from "./route-submits.ts";

const { method } = TaskService;

/** Milliseconds that a wait may take; one that is not allowed is refused by the owner. */
function waitOf({ timeout }: WaitTaskRequest): number {
  return timeout === undefined ? LIMITS.waitDefaultMs : Math.min(durationMs(timeout), LIMITS.waitMs);
}

/** Calls about tasks, answered by the coordinator that owns them: this one, or another that is asked in the caller's name. */
export function routeTasks(state: EngineState, local: TaskOperations, routes: Routes, peers: Peers): TaskOperations {
  const shardOf = (id: string) => state.ids.decode(id)?.shard;

  /** @param here answers also for ids that name no task. */
  const byId = <A>(
    caller: Caller,
    id: string,
    here: () => Promise<A>,
    there: (address: string) => Promise<A>,
  ): Promise<A> => {
    const shard = shardOf(id);
    if (shard === undefined || shard >= state.shards.count) return here();
    if (caller.forwarded) {
      // Who passed it on may know the owner of before: only the owner knows where its tasks are.
      if (!isServing(state, shard)) return Promise.reject(movedError());
      return here();
    }
    return atOwner(routes, shard, (address) => (address === null ? here() : there(address)));
  };

  /** A stream ends with UNAVAILABLE when its task moves; who follows it begins it again. */
  async function* streamById<M>(
    caller: Caller,
    id: string,
    here: () => AsyncIterable<M>,
    there: (address: string) => AsyncIterable<M>,
  ): AsyncIterable<M> {
    const find = async (address: string | null) => address;
    const owner = await byId(caller, id, () => find(null), find);
    yield* owner === null ? here() : there(owner);
  }

  return {
    submitTasks: routeSubmits(state, local, routes, peers),
    listTasks: routeList(state, local.listTasks, routes, peers),
    getTask: (caller, request) =>
      byId(
        caller,
        request.id,
        () => local.getTask(caller, request),
        (address) => peers.call(address, method.getTask, request, caller),
      ),
    waitTask: (caller, request, signal) =>
      byId(
        caller,
        request.id,
        () => local.waitTask(caller, request, signal),
        (address) => peers.call(address, method.waitTask, request, caller, signal, waitOf(request)),
      ),
    explainTask: (caller, request) =>
      byId(
        caller,
        request.id,
        () => local.explainTask(caller, request),
        (address) => peers.call(address, method.explainTask, request, caller),
      ),
    tailLogs: (caller, request, signal) =>
      streamById(
        caller,
        request.id,
        () => local.tailLogs(caller, request, signal),
        (address) => peers.stream(address, method.tailLogs, request, caller, signal),
      ),
    watchTasks: (caller, request, signal) =>
      request.id === "" && !caller.forwarded
        ? mergeWatches(local, routes, peers, caller, request, signal)
        : streamById(
            caller,
            request.id,
            () => local.watchTasks(caller, request, signal),
            (address) => peers.stream(address, method.watchTasks, request, caller, signal),
          ),
    cancelTasks: async (caller, request) => {
      if (caller.forwarded) return local.cancelTasks(caller, request);
      const results = await eachAtOwner(routes, request.ids, shardOf, async (address, ids) => {
        const part = create(CancelTasksRequestSchema, { ...request, ids });
        if (address === null) return (await local.cancelTasks(caller, part)).results;
        return (await peers.call(address, method.cancelTasks, part, caller)).results;
      });
      return create(CancelTasksResponseSchema, { results });
    },
    retryTasks: async (caller, request) => {
      if (caller.forwarded) return local.retryTasks(caller, request);
      const results = await eachAtOwner(routes, request.ids, shardOf, async (address, ids) => {
        const part = create(RetryTasksRequestSchema, { ...request, ids });
        if (address === null) return (await local.retryTasks(caller, part)).results;
        return (await peers.call(address, method.retryTasks, part, caller)).results;
      });
      return create(RetryTasksResponseSchema, { results });
    },
  };
}
