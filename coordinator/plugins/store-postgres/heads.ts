import type { TaskRef } from "../../kernel/task-ref.ts";
import type { TaskHead } from "../../ports/rows.ts";
import { joinEnded, UNENDED } from "./lookups.ts";
import type { ReadPool } from "./read-pool.ts";
import { HEAD, headOf } from "./read-rows.ts";

export interface Refill {
  readonly seg: number;
  readonly shard: number;
  readonly lane: number;
  readonly afterSeq: number;
  readonly limit: number;
  readonly maxBytes: number;
}

/** The next heads of a lane. Sizes are summed from what the rows say of their specs; only specs that are given are read. */
export async function laneHeads(pool: ReadPool, refill: Refill): Promise<readonly TaskHead[]> {
  const { seg } = refill;
  const rows = await pool.rows({
    name: `refill_${seg}`,
    text: `SELECT ${HEAD} FROM (
        SELECT q.*, sum(octet_length(q.spec)) OVER (ORDER BY q.seq) - octet_length(q.spec) AS before FROM (
          SELECT ${HEAD} FROM tss_task_${seg} t ${joinEnded(seg, "t")}
          WHERE t.shard = $1 AND t.lane = $2 AND t.seq > $3 ${seg === 0 ? "AND t.run_at = 0" : ""} AND ${UNENDED} ORDER BY t.seq LIMIT $4) q) t
      WHERE t.before = 0 OR t.before < $5 ORDER BY t.seq`,
    values: [refill.shard, refill.lane, refill.afterSeq, refill.limit, refill.maxBytes],
  });
  return rows.map(headOf);
}

/** Tasks of a shard with a run_at, in a segment of the ring. */
export async function delayedHeads(
  pool: ReadPool,
  seg: number,
  shard: number,
  afterSeq: number,
): Promise<readonly TaskHead[]> {
  const rows = await pool.rows({
    name: `delayed_${seg}`,
    text: `SELECT ${HEAD} FROM tss_task_${seg} t ${joinEnded(seg, "t")}
      WHERE t.run_at > 0 AND t.shard = $1 AND t.seq > $2 AND ${UNENDED} ORDER BY t.seq`,
    values: [shard, afterSeq],
  });
  return rows.map(headOf);
}

export interface Expired {
  readonly seg: number;
  readonly from: number;
  readonly to: number;
  readonly after: (TaskRef & { readonly expiresAt: number }) | null;
  readonly limit: number;
  /** Whose tasks. */
  readonly shards: readonly number[];
}

/** The next tasks of a segment whose expiry lies in a span. */
export async function expiredHeads(
  pool: ReadPool,
  { seg, from, to, after, limit, shards }: Expired,
): Promise<readonly TaskHead[]> {
  const place = after ?? { expiresAt: from, shard: BEYOND_SHARDS, lane: 0, seq: 0 };
  const rows = await pool.rows({
    name: `expired_${seg}`,
    text: `SELECT ${HEAD} FROM tss_task_${seg} t ${joinEnded(seg, "t")}
      WHERE t.expires_at > 0 AND t.expires_at >= $1 AND t.expires_at <= $5
        AND (t.expires_at, t.shard, t.lane, t.seq) > ($1::bigint, $2::int, $3::bigint, $4::bigint) AND t.shard = ANY ($7::smallint[])
        AND ${UNENDED}
      ORDER BY t.expires_at, t.shard, t.lane, t.seq LIMIT $6`,
    values: [place.expiresAt, place.shard, place.lane, place.seq, to, limit, shards],
  });
  return rows.map(headOf);
}

export function byExpiry(a: TaskHead, b: TaskHead): number {
  return a.expiresAt - b.expiresAt || a.shard - b.shard || a.lane - b.lane || a.seq - b.seq;
}

/** Above every shard. */
const BEYOND_SHARDS = 32_767;
