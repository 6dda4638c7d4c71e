import { type LockRow, rowsOfLock } from "../kernel/lock-rows.ts";
import type { Checkpoint } from "../ports/store.ts";
import { queueEntry } from "./counters.ts";
import type { Item } from "./item.ts";
import type { Shard } from "./shard.ts";
import type { EngineState } from "./state.ts";

/**
 * What an owner must know to go on, so that recovery reads what is unfinished and never what has ended: everything up to
 * `floor` has ended, is in `u`, or lies beyond the cursor of its lane in `l`.
 */
export interface CheckpointBody {
  /** Newest seq that was handed out. */
  readonly floor: number;
  /** Segment 0 has been read up to this run_at. */
  readonly later: number;
  /** Every task that expires at or before this has begun or ended. */
  readonly expired: number;
  /** [queue, submitted, succeeded, failed, cancelled] */
  readonly q: readonly (readonly [string, number, number, number, number])[];
  /** Lanes with tasks that wait: [lane, open, cursor]. */
  readonly l: readonly (readonly [number, number, number])[];
  /** Tasks in hand: [lane, seq]. */
  readonly u: readonly (readonly [number, number])[];
  /** Rows that make the locks as they are; what is decided and not yet committed may be among them. Absent: none. */
  readonly k?: readonly LockRow[];
}

/** Snapshots of those shards that changed. To be taken between two flushes: then memory is what is committed. */
export function takeCheckpoints(state: EngineState, shards: Iterable<Shard>): Checkpoint[] {
  const inHand = new Map<number, Item[]>();
  for (const item of state.items.values()) {
    const items = inHand.get(item.head.shard);
    if (items === undefined) inHand.set(item.head.shard, [item]);
    else items.push(item);
  }
  const open = openLanes(state);
  const at = state.clock.now();
  const checkpoints: Checkpoint[] = [];
  for (const shard of shards) {
    // One that is being read has not all of its tasks in memory yet: its last checkpoint stands.
    if (!shard.dirty || shard.phase === "recovering") continue;
    shard.dirty = false;
    const body = bodyOf(state, shard, inHand.get(shard.shard) ?? [], open.get(shard.shard) ?? []);
    checkpoints.push({
      shard: shard.shard,
      epoch: shard.epoch,
      flushNo: shard.flushNo,
      at,
      body: Buffer.from(JSON.stringify(body)),
    });
  }
  return checkpoints;
}

/** Lanes with anything that a recovery must find. An open window says so whatever was counted. */
function openLanes(state: EngineState): Map<number, [lane: number, open: number, cursor: number][]> {
  const byShard = new Map<number, [number, number, number][]>();
  for (const lane of state.lanes.values()) {
    const shards = new Set(lane.open.keys());
    for (const window of lane.windows()) if (window.paged || window.count > 0) shards.add(window.shard);
    for (const shard of shards) {
      const open = lane.open.get(shard) ?? 0;
      const entry: [number, number, number] = [lane.id, open, cursorOf(state, lane.id, shard)];
      const entries = byShard.get(shard);
      if (entries === undefined) byShard.set(shard, [entry]);
      else entries.push(entry);
    }
  }
  return byShard;
}

/** Every task of the lane up to here has ended or is in hand. */
function cursorOf(state: EngineState, lane: number, shard: number): number {
  const window = state.lanes.get(lane)?.findWindow(shard);
  const first = window?.peek();
  if (first != null) return first.seq - 1;
  if (window?.paged) return window.readCursor;
  return state.shards.find(shard)?.lastSeq ?? 0;
}

function bodyOf(
  state: EngineState,
  shard: Shard,
  items: readonly Item[],
  l: readonly [number, number, number][],
): CheckpointBody {
  const k = [...shard.locks.values()].flatMap(({ lock }) => rowsOfLock(lock));
  return {
    floor: shard.lastSeq,
    later: state.laterUntil,
    expired: state.expiry.until,
    q: [...shard.totals].map(([queue, totals]) => queueEntry(queue, totals)),
    l,
    u: items.map((item) => [item.head.lane, item.head.seq]),
    ...(k.length === 0 ? {} : { k }),
  };
}

export function readCheckpoint(bytes: Uint8Array): CheckpointBody {
  return JSON.parse(Buffer.from(bytes).toString("utf8"));
}
