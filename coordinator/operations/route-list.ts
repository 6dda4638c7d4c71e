import { create } from "@bufbuild/protobuf";
import { type Task, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type ListTasksRequest,
  type ListTasksResponse,
  ListTasksResponseSchema,
  TaskService,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { type EngineState, movedError } from "../engine/state.ts";
import { timestampMs } from "../kernel/time.ts";
import type { ListPlace } from "../ports/store.ts";
import { compareListed } from "./list-running.ts";
import { readCursor, writeCursor } from "./list-tasks.ts";
import type { Caller, TaskOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

type List = TaskOperations["listTasks"];

/**
 * Every coordinator reads what all have stored. What runs is known to its owners alone: each of them is asked, and the pages
 * are put together.
 */
export function routeList(state: EngineState, local: List, routes: Routes, peers: Peers): List {
  return async (caller, request) => {
    if (caller.forwarded || !isOfMemory(request)) return here(caller, request);
    const running = { ...request, status: [TaskStatus.RUNNING] };
    // A job must miss none: it comes again when each shard is somebody's.
    if (caller.inJob) for (let shard = 0; shard < state.shards.count; shard++) routes.ownerOf(shard);
    const own = await here(caller, request);
    const others = await Promise.allSettled(
      routes.others().map((address) => peers.call(address, TaskService.method.listTasks, running, caller)),
    );
    const pages = others.flatMap((answer) => {
      if (answer.status === "fulfilled") return [answer.value];
      if (caller.inJob) throw answer.reason;
      return [];
    });
    return join(own, pages, request.limit === 0 ? LIMITS.pageSizeDefault : request.limit);
  };

  async function here(caller: Caller, request: ListTasksRequest): Promise<ListTasksResponse> {
    if (caller.inJob && isOfMemory(request) && state.recovering > 0) throw movedError();
    return local(caller, request);
  }

  function join(own: ListTasksResponse, others: readonly ListTasksResponse[], limit: number): ListTasksResponse {
    const ends = [own, ...others].flatMap(({ nextCursor }) => (nextCursor === "" ? [] : [readCursor(nextCursor)]));
    const horizon = ends.sort(compareListed)[0];
    // One that moved meanwhile is told of twice.
    const found = new Map([...others, own].flatMap(({ tasks }) => tasks.map((task) => [task.id, task])));
    const placed = [...found.values()]
      .map((task) => ({ task, place: placeOf(task) }))
      // Beyond where any page ends nothing is known of it.
      .filter(({ place }) => horizon === undefined || compareListed(place, horizon) <= 0)
      .sort((a, b) => compareListed(a.place, b.place));
    const page = placed.slice(0, limit);
    const next = placed.length > limit ? page.at(-1)?.place : horizon;
    const nextCursor = next === undefined ? "" : writeCursor(next);
    const tasks = page.map(({ task }) => task);
    const scannedTo = [own, ...others].find((one) => one.nextCursor === nextCursor)?.scannedTo;
    return create(ListTasksResponseSchema, { tasks, nextCursor, scannedTo });
  }

  function placeOf({ id, createdAt }: Task): ListPlace {
    const ref = state.ids.decode(id);
    if (ref === null || createdAt === undefined) throw new Error(`a list told of ${id}, which is no task`);
    return { ...ref, createdAt: timestampMs(createdAt) };
  }
}

/** Whether what runs is looked for in memory: together with what waits it is looked for in the store. */
function isOfMemory({ status, failure, error }: ListTasksRequest): boolean {
  return (
    failure === "" && error.length === 0 && status.includes(TaskStatus.RUNNING) && !status.includes(TaskStatus.WAITING)
  );
}
