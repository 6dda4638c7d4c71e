import type { TaskRef } from "../../kernel/task-ref.ts";
import type { TaskHead } from "../../ports/rows.ts";
import type { Handles } from "./handles.ts";
import { taskHeadOf } from "./row-codec.ts";
import { inSegment } from "./stored-tasks.ts";

export interface Expired {
  readonly from: number;
  readonly to: number;
  readonly after: (TaskRef & { readonly expiresAt: number }) | null;
  readonly limit: number;
}

/** See RecoveryStore.expired. */
export function expiredTasks(handles: Handles, segs: readonly number[], expired: Expired): TaskHead[] {
  return segs
    .flatMap((seg) => inSegment(handles, seg, [], () => expiredIn(handles, seg, expired)))
    .sort((a, b) => a.expiresAt - b.expiresAt || a.shard - b.shard || a.lane - b.lane || a.seq - b.seq)
    .slice(0, expired.limit);
}

function expiredIn({ reader }: Handles, seg: number, { from, to, after, limit }: Expired): TaskHead[] {
  const place = after ?? { expiresAt: from, shard: Number.MAX_SAFE_INTEGER, lane: 0, seq: 0 };
  return reader
    .prepare(
      `SELECT t.shard, t.lane, t.seq, t.created_at, t.run_at, t.expires_at, t.timeout_ms, t.max_attempts, t.spec
      FROM task_${seg} t WHERE t.expires_at > 0 AND t.expires_at <= ? AND (t.expires_at, t.shard, t.lane, t.seq) > (?, ?, ?, ?)
        AND NOT EXISTS (SELECT 1 FROM end_${seg} e WHERE e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq)
      ORDER BY t.expires_at, t.shard, t.lane, t.seq LIMIT ?`,
    )
    .all(to, place.expiresAt, place.shard, place.lane, place.seq, limit)
    .map((row) => taskHeadOf(row, seg));
}
