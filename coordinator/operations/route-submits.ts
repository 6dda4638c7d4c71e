import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type SubmitResult,
  type SubmitTasksRequest,
  SubmitTasksRequestSchema,
  SubmitTasksResponseSchema,
  TaskService,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { shardOfKey } from "../engine/place.ts";
import type { EngineState } from "../engine/state.ts";
import { atOwner } from "./at-owner.ts";
import type { Caller, TaskOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

type Submit = TaskOperations["submitTasks"];

/**
 * Un-keyed tasks stay with the coordinator that received them. A task with an idempotency key belongs to the shard of its
 * key, whoever receives it: such tasks are passed on in one message for each owner.
 */
export function routeSubmits(state: EngineState, local: TaskOperations, routes: Routes, peers: Peers): Submit {
  return async (caller, request) => {
    if (caller.forwarded) return local.submitTasks(caller, request);
    const away = awayOf(request);
    if (away.length === 0) return here(caller, request);
    const rest = request.tasks.map((_, place) => place).filter((place) => !away.includes(place));
    const results: SubmitResult[] = new Array(request.tasks.length);
    const fill = (places: readonly number[], answers: readonly SubmitResult[]) => {
      for (const [at, place] of places.entries()) results[place] = answers[at] as SubmitResult;
    };
    const part = (places: readonly number[], requestId: string) =>
      create(SubmitTasksRequestSchema, {
        tasks: places.map((place) => request.tasks[place]!),
        requestId,
      });
    await Promise.all([
      rest.length > 0 && here(caller, part(rest, request.requestId)).then((answer) => fill(rest, answer.results)),
      ...byShard(request, away).map(async ([shard, places]) => {
        // The keys make this safe to repeat; the message's own gate stays with the rest.
        const answer = await atOwner(routes, shard, (address) => to(address, caller, part(places, "")));
        fill(places, answer.results);
      }),
    ]);
    return create(SubmitTasksResponseSchema, { results });
  };

  /** Places of the keyed tasks whose shards are not served here. */
  function awayOf({ tasks }: SubmitTasksRequest): number[] {
    const away: number[] = [];
    for (const [place, { idempotencyKey }] of tasks.entries()) {
      if (idempotencyKey === "") continue;
      const shard = shardOfKey(idempotencyKey, state.shards.count);
      if (state.shards.find(shard)?.phase !== "serving") away.push(place);
    }
    return away;
  }

  function byShard({ tasks }: SubmitTasksRequest, places: readonly number[]): [number, number[]][] {
    const groups = new Map<number, number[]>();
    for (const place of places) {
      const shard = shardOfKey(tasks[place]?.idempotencyKey ?? "", state.shards.count);
      const group = groups.get(shard) ?? [];
      groups.set(shard, group);
      group.push(place);
    }
    return [...groups];
  }

  function to(address: string | null, caller: Caller, request: SubmitTasksRequest) {
    if (address === null) return local.submitTasks(caller, request);
    return peers.call(address, TaskService.method.submitTasks, request, caller);
  }

  /** A coordinator that owns nothing, because it has just come or is about to go, passes everything on. */
  async function here(caller: Caller, request: SubmitTasksRequest) {
    if (state.shards.serving.length > 0) return local.submitTasks(caller, request);
    const [other] = routes.others();
    if (other !== undefined) return to(other, caller, request);
    throw new TssError("UNAVAILABLE", "This coordinator owns no tasks yet; send the same request again.", {
      reason: "NOT_OWNER",
      retryAfterMs: 200,
    });
  }
}
