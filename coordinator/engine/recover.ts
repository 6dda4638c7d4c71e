import type { Lock } from "../kernel/lock.ts";
import { replayLocks } from "../kernel/lock-rows.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import type { StoredTask } from "../ports/rows.ts";
import type { Checkpoint, FlushShard } from "../ports/store.ts";
import { type CheckpointBody, readCheckpoint } from "./checkpoint.ts";
import { applyBody, gatedTasks, uncount } from "./counters.ts";
import { takeUpLocks } from "./locks.ts";
import { rebuildItem } from "./rebuild.ts";
import { rest } from "./rest.ts";
import { LATER } from "./segments.ts";
import type { Shard } from "./shard.ts";
import type { EngineState } from "./state.ts";

/** Tasks read back in one call. */
const CHUNK = 500;

const EMPTY: CheckpointBody = { floor: 0, later: 0, expired: 0, q: [], l: [], u: [] };

/** How far the last owners of shards had read ahead, for every one of them. Times are ms since 1970. */
export interface Recovered {
  /** run_at up to which segment 0 was in hand. */
  readonly later: number;
  /** Up to which every task that may expire was looked at. */
  readonly expired: number;
}

/**
 * Takes up the shards where their last owner left them: checkpoint, the flush rows after it, and the tasks that were begun
 * or delayed since. What merely waits is left in the store and read when a worker could serve it. Costs what is unfinished,
 * whatever has ended and however much waits.
 */
export async function recover(state: EngineState, shards: readonly Shard[]): Promise<Recovered> {
  const checkpoints = new Map(
    (await state.store.recovery.checkpoints()).map((checkpoint) => [checkpoint.shard, checkpoint]),
  );
  let later = Number.POSITIVE_INFINITY;
  let expired = Number.POSITIVE_INFINITY;
  for (const shard of shards) {
    const body = await recoverShard(state, shard, checkpoints.get(shard.shard));
    later = Math.min(later, body.later);
    expired = Math.min(expired, body.expired);
  }
  for (const lane of state.lanes.values()) lane.returned.sort((a, b) => a.head.createdAt - b.head.createdAt);
  // A clock that was set back since: what lies beyond is not taken in hand yet.
  return {
    later: Number.isFinite(later) ? Math.min(later, state.clock.now() + state.config.horizonMs) : 0,
    expired: Number.isFinite(expired) ? expired : 0,
  };
}

async function recoverShard(
  state: EngineState,
  shard: Shard,
  checkpoint: Checkpoint | undefined,
): Promise<CheckpointBody> {
  const body = checkpoint === undefined ? EMPTY : readCheckpoint(checkpoint.body);
  const { recovery } = state.store;
  for (const [queue, submitted, succeeded, failed, cancelled] of body.q)
    shard.totals.set(queue, { submitted, succeeded, failed, cancelled });
  const open = new Map(body.l.map(([lane, count]) => [lane, count]));
  const recent = state.segments.ringAfter(shard.shard, body.floor);
  const flushes = await recovery.flushesAfter(shard.shard, checkpoint?.epoch ?? 0, checkpoint?.flushNo ?? 0, recent);
  const locks = new Map<string, Lock>();
  replayLocks(locks, body.k ?? []);
  let { later, expired } = body;
  for (const flush of flushes) {
    const earliest = applyBody(shard, open, locks, flush.body);
    later = Math.min(later, earliest.later - 1);
    expired = Math.min(expired, earliest.expires - 1);
  }
  await takeOffRepeats(state, shard, open, flushes.at(-1));
  takeUpLocks(state, shard, locks);
  // What ends while the rest is read is counted off these.
  for (const [lane, count] of open) if (count !== 0) state.lanes.get(lane)?.open.set(shard.shard, count);

  const cursors = new Map(body.l.map(([lane, , cursor]) => [lane, cursor]));
  let lowest = body.floor;
  for (const cursor of cursors.values()) lowest = Math.min(lowest, cursor);
  const segs = [...state.segments.ringAfter(shard.shard, lowest), LATER];
  const refs = body.u.map(([lane, seq]) => ({ shard: shard.shard, lane, seq }));
  for (let at = 0; at < refs.length; at += CHUNK) await readBack(state, refs.slice(at, at + CHUNK));
  for (const stored of await recovery.startedAfter(shard.shard, body.floor, cursors, segs)) rebuildItem(state, stored);
  for (const head of await recovery.delayedAfter(shard.shard, body.floor, recent)) {
    const lane = state.lanes.get(head.lane);
    if (lane !== undefined && !state.items.has(head)) rest(state, head, lane, head.runAt);
  }
  resumeLanes(state, shard, open, cursors, body.floor);
  if (flushes.length > 0 || refs.length > 0) shard.dirty = true;
  return { ...body, later, expired };
}

async function readBack(state: EngineState, refs: readonly TaskRef[]): Promise<void> {
  for (const stored of await read(state, refs)) if (stored !== null) takeUp(state, stored);
}

function read(state: EngineState, refs: readonly TaskRef[]): Promise<readonly (StoredTask | null)[]> {
  return state.store.reads.tasks(refs.map((ref) => ({ ...ref, segs: state.segments.candidates(ref) })));
}

/** The last owner had no row after this one that takes off what a repeated key has kept out of it. */
async function takeOffRepeats(
  state: EngineState,
  shard: Shard,
  open: Map<number, number>,
  newest: FlushShard | undefined,
): Promise<void> {
  const refs = newest === undefined ? [] : gatedTasks(shard.shard, newest.body);
  for (let at = 0; at < refs.length; at += CHUNK) {
    const part = refs.slice(at, at + CHUNK);
    for (const [index, stored] of (await read(state, part)).entries())
      if (stored === null) uncount(state, shard, open, (part[index] as TaskRef).lane);
  }
}

function takeUp(state: EngineState, stored: StoredTask): void {
  if (stored.end === null) rebuildItem(state, stored);
}

function resumeLanes(
  state: EngineState,
  shard: Shard,
  open: ReadonlyMap<number, number>,
  cursors: ReadonlyMap<number, number>,
  floor: number,
): void {
  for (const [laneId, count] of open) {
    const lane = state.lanes.get(laneId);
    // A count is too low for a moment after an end that came second: where a task waited is looked at all the same.
    if (lane === undefined || (count <= 0 && !cursors.has(laneId))) continue;
    const window = lane.window(shard.shard);
    window.resume(cursors.get(laneId) ?? floor, shard.lastSeq);
    lane.behind.add(window);
  }
}
