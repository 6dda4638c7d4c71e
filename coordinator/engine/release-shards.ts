import { takeCheckpoints } from "./checkpoint.ts";
import { committed } from "./committed.ts";
import { dropMemory } from "./fill.ts";
import type { Flusher } from "./flusher.ts";
import { letGo } from "./lease.ts";
import { dropLocks } from "./locks.ts";
import { deliver } from "./send.ts";
import type { Session } from "./session.ts";
import type { Shard } from "./shard.ts";
import { type EngineState, movedError } from "./state.ts";

/**
 * Hands shards over in good order: nothing new is decided in them, what is decided is committed, a checkpoint says where
 * to go on, and they are forgotten here before they are given back. Their running attempts go on; the workers announce them
 * to the next owner.
 */
export async function releaseShards(state: EngineState, flusher: Flusher, numbers: readonly number[]): Promise<void> {
  const shards = numbers.flatMap((number) => state.shards.find(number) ?? []);
  if (shards.length === 0) return;
  // Of one that was not read to its end the last checkpoint stands.
  const read = shards.filter((shard) => shard.phase !== "recovering");
  const before = shards.map(({ phase }) => phase);
  for (const shard of shards) shard.phase = "leaving";
  state.shards.tellServed();
  const leaving = new Set(shards.map(({ shard }) => shard));
  for (let gone = false; !gone; ) {
    try {
      await committed(state);
    } catch (error) {
      // The database stays away: they are served on when it is back, and given up then.
      for (const [index, shard] of shards.entries()) shard.phase = before[index] as Shard["phase"];
      state.shards.tellServed();
      throw error;
    }
    await flusher.between(async () => {
      // A decision that was on its way when the shards were to leave is written first.
      if (hasPendingOf(state, leaving)) return;
      gone = true;
      const checkpoints = takeCheckpoints(state, read);
      const owners = shards.map(({ shard, epoch }) => ({ shard, epoch }));
      drop(state, shards, leaving);
      // Without it the next owner reads more, that is all.
      if (checkpoints.length > 0) await state.store.recovery.writeCheckpoints(checkpoints).catch(() => {});
      await state.store.shared?.giveBack(owners);
    });
  }
}

function hasPendingOf({ pending }: EngineState, shards: ReadonlySet<number>): boolean {
  const isTheirs = ({ shard }: { readonly shard: number }) => shards.has(shard);
  return (
    pending.messages.length > 0 ||
    pending.events.some(isTheirs) ||
    pending.ends.some(({ row }) => isTheirs(row)) ||
    pending.moves.some(({ row }) => isTheirs(row)) ||
    pending.locks.some(isTheirs)
  );
}

/** Everything in memory that is of these shards goes, at once. */
function drop(state: EngineState, shards: readonly Shard[], leaving: ReadonlySet<number>): void {
  const moved = new Map<Session, { id: string; token: number }[]>();
  for (const item of [...state.items.values()]) {
    if (!leaving.has(item.head.shard)) continue;
    if (item.timer !== null) state.wheel.cancel(item.timer);
    const session = item.attempt?.session;
    if (session != null) {
      letGo(session, item);
      const leases = moved.get(session) ?? [];
      moved.set(session, leases);
      leases.push({ id: state.ids.encode(item.head), token: item.token });
    }
    if (item.state === "running" && item.lane.room !== null) item.lane.room.running--;
    state.items.delete(item.head);
  }
  for (const [session, leases] of moved) deliver(state, session, { moved: leases });
  for (const lane of state.lanes.values())
    for (const { shard } of shards) for (const head of lane.dropShard(shard)?.inMemory() ?? []) dropMemory(state, head);
  for (const shard of shards) {
    dropLocks(state, shard, movedError());
    state.shards.delete(shard.shard);
  }
}
