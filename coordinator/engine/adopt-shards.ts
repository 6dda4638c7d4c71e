import type { OwnedShard } from "../ports/store.ts";
import { giveBackUnannounced } from "./announce.ts";
import type { Flusher } from "./flusher.ts";
import { takeDueBetween } from "./janitor.ts";
import { resumeLocks } from "./locks.ts";
import type { SessionSweep } from "./lose.ts";
import { recover } from "./recover.ts";
import { considerRefill } from "./refill.ts";
import { refreshCatalog } from "./refresh-catalog.ts";
import { offerLane } from "./serving.ts";
import { Shard } from "./shard.ts";
import type { EngineState } from "./state.ts";

/**
 * Takes up shards that this coordinator has just taken, while it goes on with those it had. What is unfinished in them is
 * read first; only then do they take new tasks, and does what merely waits in them come forward.
 */
export async function adoptShards(
  state: EngineState,
  flusher: Flusher,
  sweep: SessionSweep,
  taken: readonly OwnedShard[],
): Promise<void> {
  await refreshCatalog(state, flusher);
  const shards = taken.map(({ shard, epoch }) => new Shard(shard, epoch));
  for (const shard of shards) state.shards.add(shard);
  state.recovering++;
  try {
    const { later, expired } = await recover(state, shards);
    // Up to where a scan that began before the taking may have come without them.
    await takeDueBetween(state, later, state.clock.now() + state.config.horizonMs);
    state.expiry.until = Math.min(state.expiry.until, expired);
    state.expiry.since = Math.min(state.expiry.since, expired + 1);
  } finally {
    state.recovering--;
    if (state.recovering === 0 && state.laterReading === 0) state.departed.clear();
  }
  if (state.stopped !== null) return;
  sweep.watchOrphans(new Set(shards.map(({ shard }) => shard)));
  for (const shard of shards) {
    shard.phase = "serving";
    resumeLocks(state, shard);
  }
  giveBackUnannounced(state);
  for (const lane of state.lanes.values()) {
    offerLane(state, lane);
    for (const { shard } of shards) considerRefill(state, lane, shard);
  }
  state.shards.tellServed();
  state.wake();
}
