import type { Flusher } from "./flusher.ts";
import type { EngineState } from "./state.ts";
import { addLane } from "./submit.ts";

/** Ids of lanes are drawn before they are committed: one this much lower than the newest known may still come. */
const SLACK = 1_000;

/** Reads what other coordinators may have added since: lanes, and segments of theirs. */
export async function refreshCatalog(state: EngineState, flusher: Flusher): Promise<void> {
  let newest = 0;
  for (const lane of state.lanes.keys()) newest = Math.max(newest, lane);
  for (const { lane, key } of await state.store.catalog.lanes(newest - SLACK)) addLane(state, lane, key);
  // Between two flushes, so that no segment of ours is opened between the reading and the loading.
  await flusher.between(async () => state.segments.load(await state.store.segments.list()));
}
