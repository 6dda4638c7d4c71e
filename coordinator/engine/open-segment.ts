import type { Segment } from "../ports/store.ts";
import type { EngineState } from "./state.ts";

/** Before the first segment. */
const NONE: Segment = { seg: 0, generation: 0, openedAt: 0, ranges: [] };

/**
 * Goes on with the newest segment, or opens the first.
 * @param shared with several owners each has one of its own.
 */
export async function openSegment({ store, segments, shards, clock }: EngineState, shared: boolean): Promise<void> {
  if (segments.isOpen) return;
  const listed = await store.segments.list();
  segments.load(listed, listed.reduce((newest, one) => (one.generation > newest.generation ? one : newest), NONE).seg);
  if (!shared && segments.newestCovers(shards.count)) return;
  const ranges = [...shards].map((shard) => ({
    shard: shard.shard,
    fromSeq: listed.length === 0 ? 0 : shard.lastSeq + 1,
  }));
  segments.opened(await store.segments.open(shards.owners, ranges, clock.now()));
}
