import type pg from "pg";
import type { OwnedShard, Segment, SegmentRange, SegmentStore } from "../../ports/store.ts";
import { TYPES, transaction } from "./connect.ts";
import type { Target } from "./connection-url.ts";
import type { OwnerSession } from "./owner-session.ts";
import { pruneGates, pruneLater } from "./prune.ts";
import type { ReadPool } from "./read-pool.ts";
import { reclaimSegment } from "./reclaim.ts";
import { SEGMENT_LOCK } from "./schema/fence-function.ts";
import { storeError } from "./store-error.ts";

/** What this process remembers of segments, to be told when they change. */
export interface SegmentMemory {
  /** A segment's number begins a new life, or has ended one. */
  renewed(seg: number): void;
  /** Gates were pruned. */
  gatesPruned(): Promise<void>;
}

interface Listed extends Segment {
  readonly ranges: SegmentRange[];
}

const LIST = `SELECT s.seg, s.generation, s.opened_at, r.shard, r.from_seq, r.until_seq
  FROM tss_segment s LEFT JOIN tss_range r ON r.seg = s.seg ORDER BY s.generation, r.shard, r.from_seq`;

/** @param self number of this member; 0: it owns the whole store for itself. */
export function makeSegments(
  session: OwnerSession,
  pool: ReadPool,
  at: Target,
  memory: SegmentMemory,
  self: () => number,
): SegmentStore {
  /** Newest end ever seen in a segment's generation: ends are only added, so it never falls. */
  const newestEnds = new Map<number, number>();
  const upkeep = <T>(body: (client: pg.Client) => Promise<T>): Promise<T> =>
    session.run(body).catch((error: unknown) => {
      throw storeError(error, at, true);
    });
  return {
    async list() {
      const rows = await pool.rows({ text: LIST });
      const segments = new Map<number, Listed>();
      for (const row of rows) {
        const found = segments.get(row.seg);
        const ranges: SegmentRange[] = found?.ranges ?? [];
        if (!found)
          segments.set(row.seg, { seg: row.seg, generation: row.generation, openedAt: row.opened_at, ranges });
        const range = { shard: row.shard as number, fromSeq: row.from_seq as number };
        if (row.shard !== null) ranges.push(row.until_seq === null ? range : { ...range, untilSeq: row.until_seq });
      }
      return [...segments.values()];
    },
    async open(owners, from, openedAt) {
      const { segment, sealed } = await upkeep(async (client) => openNext(client, owners, from, openedAt, self()));
      memory.renewed(segment.seg);
      for (const seg of sealed) void upkeep((client) => analyze(client, seg)).catch(() => {});
      return segment;
    },
    async reclaim(owners, seg, endedBefore, maxMoved) {
      const result = await upkeep((client) =>
        reclaimSegment(client, { owners, seg, endedBefore, maxMoved, newestEnds }),
      );
      if (result.outcome === "reclaimed") memory.renewed(seg);
      return result;
    },
    pruneLater: (owners, endedBefore, limit) => upkeep((client) => pruneLater(client, owners, endedBefore, limit)),
    async pruneGates(now) {
      await upkeep((client) => pruneGates(client, now));
      await memory.gatesPruned();
    },
  };
}

/** The first free number, its tables made before the transaction that opens it. */
async function openNext(
  client: pg.Client,
  owners: readonly OwnedShard[],
  from: readonly SegmentRange[],
  openedAt: number,
  member: number,
): Promise<{ readonly segment: Segment; readonly sealed: readonly number[] }> {
  await client.query(`SELECT pg_advisory_lock(${SEGMENT_LOCK}, 0)`);
  try {
    const { seg, made } = await freeNumber(client);
    if (!made) await client.query("SELECT tss_make_leaf($1)", [seg]);
    return await transaction(client, async () => {
      await fence(client, owners);
      const before = await openedBefore(client, from, member);
      if (before !== null) return { segment: before, sealed: [] };
      if (made) await emptyLeftovers(client, seg);
      return insertSegment(client, seg, from, openedAt, member);
    });
  } finally {
    await client.query(`SELECT pg_advisory_unlock(${SEGMENT_LOCK}, 0)`).catch(() => {});
  }
}

async function freeNumber(client: pg.Client): Promise<{ seg: number; made: boolean }> {
  const free = await client.query({
    text: `SELECT n AS seg, to_regclass('tss_flush_' || n) IS NOT NULL AS made
      FROM generate_series(1, (SELECT coalesce(max(seg), 0) + 1 FROM tss_segment)) n
      WHERE NOT EXISTS (SELECT FROM tss_segment s WHERE s.seg = n) ORDER BY n LIMIT 1`,
    types: TYPES,
  });
  return free.rows[0];
}

async function insertSegment(
  client: pg.Client,
  seg: number,
  from: readonly SegmentRange[],
  openedAt: number,
  member: number,
): Promise<{ readonly segment: Segment; readonly sealed: readonly number[] }> {
  const shards = from.map((range) => range.shard);
  const seqs = from.map((range) => range.fromSeq);
  await client.query(
    `UPDATE tss_range r SET until_seq = u.seq FROM unnest($1::smallint[], $2::bigint[]) u(shard, seq)
      WHERE r.shard = u.shard AND r.until_seq IS NULL`,
    [shards, seqs],
  );
  const sealed = await client.query(
    "UPDATE tss_segment SET sealed = true WHERE member = $1 AND NOT sealed RETURNING seg",
    [member],
  );
  const made = await client.query({
    text: `INSERT INTO tss_segment (seg, generation, opened_at, member)
      SELECT $1, coalesce(max(generation), 0) + 1, $2, $3 FROM tss_segment RETURNING generation`,
    values: [seg, openedAt, member],
    types: TYPES,
  });
  await client.query(
    "INSERT INTO tss_range (seg, shard, from_seq) SELECT $1, shard, seq FROM unnest($2::smallint[], $3::bigint[]) u(shard, seq)",
    [seg, shards, seqs],
  );
  const segment = { seg, generation: made.rows[0].generation, openedAt, ranges: from };
  return { segment, sealed: sealed.rows.map((row) => row.seg) };
}

/** The segment that is open already with these ranges, when the answer to the first asking was lost. */
async function openedBefore(client: pg.Client, from: readonly SegmentRange[], member: number): Promise<Segment | null> {
  if (from.length === 0) return null;
  const newest = await client.query({
    text: "SELECT seg, generation, opened_at FROM tss_segment WHERE member = $1 AND NOT sealed ORDER BY generation DESC LIMIT 1",
    values: [member],
    types: TYPES,
  });
  const [row] = newest.rows as { seg: number; generation: number; opened_at: number }[];
  if (row === undefined || !(await beginsAt(client, row.seg, from))) return null;
  return { seg: row.seg, generation: row.generation, openedAt: row.opened_at, ranges: from };
}

/** Whether a segment is the one that was asked for: the answer to the first asking was lost. */
async function beginsAt(client: pg.Client, seg: number, from: readonly SegmentRange[]): Promise<boolean> {
  const found = await client.query(
    `SELECT count(*) = cardinality($2::smallint[]) AS same FROM unnest($2::smallint[], $3::bigint[]) u(shard, seq)
      JOIN tss_range r ON r.seg = $1 AND r.shard = u.shard AND r.from_seq = u.seq`,
    [seg, from.map((range) => range.shard), from.map((range) => range.fromSeq)],
  );
  return found.rows[0].same;
}

/** Rows that came into freed tables by a late event or end of a task that is no more. */
async function emptyLeftovers(client: pg.Client, seg: number): Promise<void> {
  const tables = ["task", "event", "end", "flush"].map((name) => `tss_${name}_${seg}`);
  const any = await client.query(
    `SELECT ${tables.map((table) => `EXISTS (SELECT FROM ${table})`).join(" OR ")} AS left_over`,
  );
  if (any.rows[0].left_over) await client.query(`TRUNCATE ${tables.join(", ")}`);
}

/** Statistics for people's own queries, once a segment takes no more tasks. TSS's own plans do not look at them. */
async function analyze(client: pg.Client, seg: number): Promise<void> {
  await client.query(`ANALYZE tss_task_${seg}, tss_event_${seg}, tss_end_${seg}`);
}

/** Holds the shards for the rest of the transaction and checks their epochs. */
export async function fence(client: pg.ClientBase, owners: readonly OwnedShard[]): Promise<void> {
  await client.query("SELECT tss_fence($1, $2)", [
    owners.map((owned) => owned.shard),
    owners.map((owned) => owned.epoch),
  ]);
}
