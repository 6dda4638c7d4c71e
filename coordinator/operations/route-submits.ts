import { TssError } from "../../proto/errors.ts";
import { shardOfKey } from "../engine/place.ts";
import type { EngineState } from "../engine/state.ts";
import { atOwner } from "./at-owner.ts";
import type { Caller, SubmitAnswer, SubmitRequest, TaskOperations } from "./operations.ts";
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
    const results: SubmitAnswer[] = new Array(request.tasks.length);
    const fill = (places: readonly number[], answers: readonly SubmitAnswer[]) => {
      for (const [at, place] of places.entries()) results[place] = answers[at] as SubmitAnswer;
    };
    const part = (places: readonly number[], requestId: string): SubmitRequest => ({
      tasks: places.flatMap((place) => request.tasks[place] ?? []),
      requestId,
    });
    await Promise.all([
      rest.length > 0 && here(caller, part(rest, request.requestId)).then((answers) => fill(rest, answers)),
      ...byShard(request, away).map(async ([shard, places]) => {
        // The keys make this safe to repeat; the message's own gate stays with the rest.
        fill(places, await atOwner(routes, shard, (address) => to(address, caller, part(places, ""))));
      }),
    ]);
    return results;
  };

  /** Places of the keyed tasks whose shards are not served here. */
  function awayOf({ tasks }: SubmitRequest): number[] {
    const away: number[] = [];
    for (const [place, { spec }] of tasks.entries()) {
      // A plain task has no key.
      const idempotencyKey = spec?.idempotencyKey ?? "";
      if (idempotencyKey === "") continue;
      const shard = shardOfKey(idempotencyKey, state.shards.count);
      if (state.shards.find(shard)?.phase !== "serving") away.push(place);
    }
    return away;
  }

  function byShard({ tasks }: SubmitRequest, places: readonly number[]): [number, number[]][] {
    const groups = new Map<number, number[]>();
    for (const place of places) {
      const shard = shardOfKey(tasks[place]?.spec?.idempotencyKey ?? "", state.shards.count);
      const group = groups.get(shard) ?? [];
      groups.set(shard, group);
      group.push(place);
    }
    return [...groups];
  }

  function to(address: string | null, caller: Caller, request: SubmitRequest) {
    return address === null ? local.submitTasks(caller, request) : peers.submit(address, request, caller);
  }

  /** A coordinator that owns nothing, because it has just come or is about to go, passes everything on. */
  async function here(caller: Caller, request: SubmitRequest) {
    if (state.shards.serving.length > 0) return local.submitTasks(caller, request);
    const [other] = routes.others();
    if (other !== undefined) return to(other, caller, request);
    throw new TssError("UNAVAILABLE", "This coordinator owns no tasks yet; send the same request again.", {
      reason: "NOT_OWNER",
      retryAfterMs: 200,
    });
  }
}
