import { TssError } from "../../proto/errors.ts";
import type { Status } from "../../proto/gen/google/rpc/status_pb.js";
import { hasMoved, PATIENCE_MS, PAUSE_MS } from "./at-owner.ts";
import type { Routes } from "./peers.ts";

/** google.rpc.Code.UNAVAILABLE: the item was not decided on, and may be asked again. */
const UNAVAILABLE = 14;

/** The answer for one id. */
export interface ItemResult {
  readonly result: { readonly case: "error"; readonly value: Status } | { readonly case: string | undefined };
}

/**
 * Carries a call about several tasks to their owners at once, and puts the answers back in order. What has moved meanwhile
 * is asked again.
 * @param shardOf undefined for an id that names no task: it is answered here.
 */
export async function eachAtOwner<R extends ItemResult>(
  routes: Routes,
  ids: readonly string[],
  shardOf: (id: string) => number | undefined,
  carry: (address: string | null, ids: string[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = new Array(ids.length);
  const deadline = performance.now() + PATIENCE_MS;
  let places = ids.map((_, place) => place);
  for (;;) {
    const late = performance.now() > deadline;
    const groups = new Map<string | null, number[]>();
    const moving: number[] = [];
    for (const place of places) {
      const address = ownerOr(shardOf(ids[place] as string), late);
      if (address === undefined) {
        moving.push(place);
        continue;
      }
      const group = groups.get(address) ?? [];
      groups.set(address, group);
      group.push(place);
    }
    const again = await Promise.all(
      [...groups].map(async ([address, group]) => {
        const answers = await carryOr(address, group, late);
        for (const [at, answer] of answers.entries()) results[group[at] as number] = answer;
        return group.filter((place) => results[place] === undefined || isUnavailable(results[place]));
      }),
    );
    places = [...moving, ...again.flat()];
    if (places.length === 0 || late) return results;
    routes.doubt();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  /** Undefined: nobody is known to own it, once more; at the end that is the caller's to know. */
  function ownerOr(shard: number | undefined, late: boolean): string | null | undefined {
    try {
      return shard === undefined ? null : routes.ownerOf(shard);
    } catch (error) {
      if (late || !hasMoved(error)) throw error;
      return undefined;
    }
  }

  /** A peer that is gone has answered nothing, once more; at the end that is the caller's to know. */
  async function carryOr(address: string | null, group: readonly number[], late: boolean): Promise<readonly R[]> {
    try {
      return await carry(
        address,
        group.map((place) => ids[place] as string),
      );
    } catch (error) {
      if (late || !(error instanceof TssError) || error.code !== "UNAVAILABLE") throw error;
      return [];
    }
  }
}

function isUnavailable(item: ItemResult | undefined): boolean {
  return item?.result.case === "error" && (item.result as { value: Status }).value.code === UNAVAILABLE;
}
