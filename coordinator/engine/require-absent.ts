import type { TaskRef } from "../kernel/task-ref.ts";
import { FencedError } from "../ports/store-errors.ts";
import { reading } from "./reading.ts";
import { type EngineState, isOfLaterOwner, movedError } from "./state.ts";

/**
 * To be asked before a caller is told that there is no such task: one of a later owner is in segments that this one, which is
 * fenced and does not know it, has never heard of.
 * @throws TssError UNAVAILABLE
 */
export async function requireAbsent(state: EngineState, ref: TaskRef): Promise<void> {
  if (!isOfLaterOwner(state, ref.shard, ref.seq)) return;
  try {
    await reading(() => state.store.checkOwner(state.shards.owners));
  } catch (error) {
    throw error instanceof FencedError ? movedError() : error;
  }
}
