import type pg from "pg";
import { COUNTERS_PER_EPOCH } from "../../kernel/task-ref.ts";
import type { ShardClaim } from "../../ports/shared-store.ts";
import type { OwnedShard } from "../../ports/store.ts";
import { END_HOLDERS, PATIENCE_MS } from "./claim.ts";
import { TYPES, transaction } from "./connect.ts";
import { FLUSH_APPLICATION } from "./flush-connection.ts";
import { SHARD_LOCK } from "./schema/fence-function.ts";

const LOCK_SHARDS = `SELECT pg_advisory_xact_lock(${SHARD_LOCK}, q.shard) FROM
  (SELECT shard FROM unnest($1::int[]) u(shard) ORDER BY shard) q`;

/** Compare and set: a shard whose owner is no longer the one that was seen is left alone. */
const RAISE = `UPDATE tss_shard s SET epoch = s.epoch + 1, member = $1, owner = m.name
  FROM unnest($2::int[], $3::int[]) u(shard, seen), tss_member m
  WHERE s.shard = u.shard AND s.member = u.seen AND m.member = $1 RETURNING s.shard, s.epoch`;

const CLOSE_RANGES = `UPDATE tss_range r SET until_seq = u.seq FROM unnest($1::int[], $2::bigint[]) u(shard, seq)
  WHERE r.shard = u.shard AND r.until_seq IS NULL`;

const OPEN_RANGES =
  "INSERT INTO tss_range (seg, shard, from_seq) SELECT $1, u.shard, u.seq FROM unnest($2::int[], $3::bigint[]) u(shard, seq)";

/**
 * Takes shards from who was seen to own them. The epochs rise only under the exclusive locks of the shards, which are
 * granted when every flush under the old epochs has ended; a backend of the old owner that holds one too long is ended.
 */
export async function takeShards(
  client: pg.Client,
  member: number,
  claims: readonly ShardClaim[],
  seg: number,
): Promise<readonly OwnedShard[]> {
  if (claims.length === 0) return [];
  const shards = claims.map((claim) => claim.shard);
  const attempt = () => transaction(client, () => take(client, member, claims, seg));
  return attempt().catch(async (error: { code?: string }) => {
    if (error.code !== "55P03") throw error;
    await client.query(END_HOLDERS, [SHARD_LOCK, FLUSH_APPLICATION, shards]);
    return attempt();
  });
}

async function take(
  client: pg.Client,
  member: number,
  claims: readonly ShardClaim[],
  seg: number,
): Promise<readonly OwnedShard[]> {
  await client.query(`SET LOCAL lock_timeout = ${PATIENCE_MS}`);
  await client.query(LOCK_SHARDS, [claims.map((claim) => claim.shard)]);
  const raised = await client.query({
    text: RAISE,
    values: [member, claims.map((claim) => claim.shard), claims.map((claim) => claim.from)],
    types: TYPES,
  });
  const taken: OwnedShard[] = raised.rows.map((row) => ({ shard: row.shard, epoch: row.epoch }));
  const numbers = taken.map((owned) => owned.shard);
  const firsts = taken.map((owned) => owned.epoch * COUNTERS_PER_EPOCH);
  await client.query(CLOSE_RANGES, [numbers, firsts]);
  await client.query(OPEN_RANGES, [seg, numbers, firsts]);
  return taken.sort((a, b) => a.shard - b.shard);
}

/** Only what still has the epoch that it is given back under: a shard that another has taken is the other's. */
export async function giveBack(client: pg.Client, shards: readonly OwnedShard[]): Promise<void> {
  await client.query(
    `UPDATE tss_shard s SET member = 0, owner = '' FROM unnest($1::int[], $2::bigint[]) u(shard, epoch)
      WHERE s.shard = u.shard AND s.epoch = u.epoch`,
    [shards.map((owned) => owned.shard), shards.map((owned) => owned.epoch)],
  );
}
