import type pg from "pg";
import type { TaskRef } from "../../kernel/task-ref.ts";
import type { OwnedShard, ReclaimResult } from "../../ports/store.ts";
import { TYPES, transaction } from "./connect.ts";
import { OWNER_LOCK, SHARD_LOCK } from "./schema/fence-function.ts";
import { fence } from "./segments.ts";

export interface Reclaim {
  readonly owners: readonly OwnedShard[];
  readonly seg: number;
  readonly endedBefore: number;
  readonly maxMoved: number;
  /** Newest end seen before, per segment; told what is seen now. */
  readonly newestEnds: Map<number, number>;
}

/** Longest waits: for each table of the segment, since whoever uses it goes first; for the flush under way. */
const LOCK_TIMEOUT_MS = 25;
const CLOSE_TIMEOUT_MS = 100;

/** The member that opened the segment is there and may take shards into it; alone, an owner's segment has open ranges. */
const LIVES = `s.member <> 0 AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = ${OWNER_LOCK}
  AND l.objid = s.member AND l.objsubid = 2)`;

const KEY = "t.shard = e.shard AND t.lane = e.lane AND t.seq = e.seq";

/**
 * Empties a sealed segment in three steps, so that the exclusive lock is held for moments only. 1: under the locks of all
 * shards it is marked as closing, from which on no task can come into it. 2: without any lock its unfinished tasks are
 * found; later ends can only make them fewer. 3: under the exclusive lock those few are looked up once more, moved to
 * segment 0, and the tables truncated.
 */
export async function reclaimSegment(client: pg.Client, reclaim: Reclaim): Promise<ReclaimResult> {
  try {
    const state = await close(client, reclaim);
    if (state === "gone") return { outcome: "reclaimed", moved: [] };
    if (state === "open" || (await endedRecently(client, reclaim))) return { outcome: "recent" };
    const unfinished = await findUnfinished(client, reclaim);
    if (!Array.isArray(unfinished)) return unfinished;
    const result = await transaction(client, () => empty(client, reclaim, unfinished));
    if (result.outcome === "reclaimed") reclaim.newestEnds.delete(reclaim.seg);
    return result;
  } catch (error) {
    if ((error as { code?: string }).code === "55P03") return { outcome: "busy" };
    throw error;
  }
}

async function close(client: pg.Client, { owners, seg }: Reclaim): Promise<"open" | "gone" | "closing"> {
  return transaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${CLOSE_TIMEOUT_MS}`);
    await fence(client, owners);
    const found = await client.query(
      `SELECT closing, NOT sealed AND (${LIVES}) OR EXISTS (SELECT FROM tss_range r WHERE r.seg = s.seg AND r.until_seq IS NULL) AS open
        FROM tss_segment s WHERE seg = $1`,
      [seg],
    );
    const segment = found.rows[0] as { closing: boolean; open: boolean } | undefined;
    if (!segment) return "gone";
    if (segment.open) return "open";
    if (segment.closing) return "closing";
    // Granted when every flush that may not have seen the mark has ended.
    await client.query(
      `SELECT pg_advisory_xact_lock(${SHARD_LOCK}, q.shard) FROM (SELECT shard::int FROM tss_shard ORDER BY shard) q`,
    );
    await client.query("UPDATE tss_segment SET closing = true WHERE seg = $1", [seg]);
    return "closing";
  });
}

async function endedRecently(client: pg.Client, { seg, endedBefore, newestEnds }: Reclaim): Promise<boolean> {
  if ((newestEnds.get(seg) ?? Number.NEGATIVE_INFINITY) >= endedBefore) return true;
  const found = await client.query({
    text: `SELECT coalesce((SELECT max(at) FROM tss_end_${seg} WHERE status <> 0),
      (SELECT max(created_at) FROM tss_task_${seg})) AS newest`,
    types: TYPES,
  });
  const newest = (found.rows[0].newest as number | null) ?? Number.NEGATIVE_INFINITY;
  newestEnds.set(seg, newest);
  return newest >= endedBefore;
}

/** Of the caller's own shards: what another owner has in memory is the other's to move. */
async function findUnfinished(
  client: pg.Client,
  { owners, seg, maxMoved }: Reclaim,
): Promise<TaskRef[] | ReclaimResult> {
  const own = owners.map((owner) => owner.shard);
  const without = `FROM tss_task_${seg} t WHERE t.shard = ANY ($1::smallint[])
    AND NOT EXISTS (SELECT FROM tss_end_${seg} e WHERE ${KEY})`;
  const found = await client.query({
    text: `SELECT t.shard, t.lane, t.seq ${without} LIMIT $2`,
    values: [own, maxMoved + 1],
    types: TYPES,
  });
  if (found.rows.length <= maxMoved) return found.rows as TaskRef[];
  const counted = await client.query({
    text: `SELECT count(*) AS unfinished ${without}`,
    values: [own],
    types: TYPES,
  });
  return { outcome: "unfinished", unfinished: counted.rows[0].unfinished };
}

/** Takes the caller's shards out of the segment; when no other owner's are left in it, its tables are emptied. */
async function empty(client: pg.Client, reclaim: Reclaim, unfinished: readonly TaskRef[]): Promise<ReclaimResult> {
  const { seg, owners, endedBefore } = reclaim;
  const tables = ["task", "event", "end", "flush"].map((name) => `tss_${name}_${seg}`).join(", ");
  const own = owners.map((owner) => owner.shard);
  await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await fence(client, owners);
  const rest = await client.query(
    `SELECT EXISTS (SELECT FROM tss_range r WHERE r.seg = s.seg AND r.shard <> ALL ($2::smallint[])) AS others
      FROM tss_segment s WHERE s.seg = $1 FOR UPDATE`,
    [seg, own],
  );
  if (rest.rows.length === 0) return { outcome: "reclaimed", moved: [] };
  const { others } = rest.rows[0];
  if (!others) await client.query(`LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`);
  const again = await stillUnfinished(client, seg, unfinished);
  // Whatever ended since step 2 was unfinished then, so it is among these; other owners' ends are looked at by them.
  if (again.some((row) => row.at !== null && row.status !== 0 && row.at >= endedBefore)) return { outcome: "recent" };
  const moved = again.filter((row) => row.at === null);
  await moveOut(client, seg, moved);
  if (others) await client.query("DELETE FROM tss_range WHERE seg = $1 AND shard = ANY ($2::smallint[])", [seg, own]);
  else {
    await client.query(`TRUNCATE ${tables}`);
    await client.query("DELETE FROM tss_session_use WHERE seg = $1", [seg]);
    await client.query("DELETE FROM tss_segment WHERE seg = $1", [seg]);
  }
  return { outcome: "reclaimed", moved: moved.map(({ shard, lane, seq }) => ({ shard, lane, seq })) };
}

interface Unfinished extends TaskRef {
  readonly created_at: number;
  readonly run_at: number;
  /** Of its end by now; null: none. */
  readonly at: number | null;
  readonly status: number | null;
}

async function stillUnfinished(
  client: pg.Client,
  seg: number,
  unfinished: readonly TaskRef[],
): Promise<readonly Unfinished[]> {
  const found = await client.query({
    text: `SELECT t.shard, t.lane, t.seq, t.created_at, t.run_at, e.at, e.status
      FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) u(shard, lane, seq)
      JOIN tss_task_${seg} t ON t.shard = u.shard AND t.lane = u.lane AND t.seq = u.seq
      LEFT JOIN tss_end_${seg} e ON ${KEY}`,
    values: [unfinished.map((ref) => ref.shard), unfinished.map((ref) => ref.lane), unfinished.map((ref) => ref.seq)],
    types: TYPES,
  });
  return found.rows as readonly Unfinished[];
}

async function moveOut(client: pg.Client, seg: number, moved: readonly Unfinished[]): Promise<void> {
  if (moved.length === 0) return;
  await client.query(
    `SELECT tss_move_out($1::int, 0, (SELECT array_agg(ROW(created_at, run_at, lane, seq, $1::int, shard)::tss_move) FROM
      unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::smallint[]) u(created_at, run_at, lane, seq, shard)))`,
    [
      seg,
      moved.map((row) => row.created_at),
      moved.map((row) => row.run_at),
      moved.map((row) => row.lane),
      moved.map((row) => row.seq),
      moved.map((row) => row.shard),
    ],
  );
}
