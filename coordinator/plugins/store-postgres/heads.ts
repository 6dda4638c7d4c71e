import type { TaskHead } from "../../ports/rows.ts";
import type { ExpiryMarks } from "./expiry-marks.ts";
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

/**
 * Tasks of a segment whose expiry has come, oldest first. Raises the segment's mark by what it finds: without any, up to the
 * next expiry of whatever task, so that an owner asks nothing before that.
 */
export async function expiredHeads(
  pool: ReadPool,
  marks: ExpiryMarks,
  seg: number,
  now: number,
  limit: number,
): Promise<readonly TaskHead[]> {
  const { changes } = marks;
  const mark = marks.of(seg);
  if (mark >= now) return [];
  const rows = await pool.rows({
    name: `expired_${seg}`,
    text: `SELECT ${HEAD} FROM tss_task_${seg} t ${joinEnded(seg, "t")}
      WHERE t.expires_at > 0 AND t.expires_at > $1 AND t.expires_at <= $2 AND ${UNENDED}
      ORDER BY t.expires_at LIMIT $3`,
    values: [mark, now, limit],
  });
  const next = (rows[0]?.expires_at as number | undefined) ?? (await nextExpiry(pool, seg, now));
  marks.raise(seg, next - 1, changes);
  return rows.map(headOf);
}

/** The soonest expiry beyond a time, of tasks that have ended or not: one step of the index. */
async function nextExpiry(pool: ReadPool, seg: number, beyond: number): Promise<number> {
  const [row] = await pool.rows({
    name: `next_expiry_${seg}`,
    text: `SELECT min(expires_at) AS at FROM tss_task_${seg} WHERE expires_at > 0 AND expires_at > $1`,
    values: [beyond],
  });
  return row.at ?? Number.MAX_SAFE_INTEGER;
}
