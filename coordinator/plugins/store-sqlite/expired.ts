import type { TaskHead } from "../../ports/rows.ts";
import type { Handles } from "./handles.ts";
import { taskHeadOf } from "./row-codec.ts";
import { inSegment } from "./stored-tasks.ts";

/**
 * See RecoveryStore.expired. Tasks that ended in time stay in the index until retention takes them, so the owner
 * remembers per segment below which time everything has ended and does not pass it again.
 */
export function expiredTasks(handles: Handles, segs: readonly number[], now: number, limit: number): TaskHead[] {
  return segs
    .flatMap((seg) => inSegment(handles, seg, [], () => expiredIn(handles, seg, now, limit)))
    .sort((a, b) => a.expiresAt - b.expiresAt || a.seq - b.seq)
    .slice(0, limit);
}

function expiredIn({ reader, memory, lock }: Handles, seg: number, now: number, limit: number): TaskHead[] {
  // Only the owner hears of every task that comes; another store looks from the beginning.
  const floor = lock.held ? (memory.expiryFloors.get(seg) ?? 0) : 0;
  const heads = reader
    .prepare(
      `SELECT t.shard, t.lane, t.seq, t.created_at, t.run_at, t.expires_at, t.timeout_ms, t.max_attempts, t.spec
      FROM task_${seg} t WHERE t.expires_at > 0 AND t.expires_at >= ? AND t.expires_at <= ?
        AND NOT EXISTS (SELECT 1 FROM end_${seg} e WHERE e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq)
      ORDER BY t.expires_at LIMIT ?`,
    )
    .all(floor, now, limit)
    .map((row) => taskHeadOf(row, seg));
  const ended = heads[0]?.expiresAt ?? now + 1;
  if (ended > floor) memory.expiryFloors.set(seg, ended);
  return heads;
}
