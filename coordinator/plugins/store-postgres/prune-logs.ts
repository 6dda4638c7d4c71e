import type pg from "pg";
import { connect, TYPES, transaction } from "./connect.ts";
import { targetOf } from "./connection-url.ts";
import { storeError } from "./store-error.ts";

const DAY_MS = 86_400_000;
/** Pruning reads a day's output once; it has a connection of its own and nobody waits for it. */
const STATEMENT_TIMEOUT_MS = 600_000;
const LOCK_TIMEOUT_MS = 100;

/** Leaf of the output that arrived at this time. */
export function dayOf(at: number): number {
  return Math.max(0, Math.floor(at / DAY_MS));
}

const LEAVES = `SELECT substring(c.relname FROM 'tss_log_(\\d+)$')::int AS day FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'tss_log'::regclass ORDER BY 1`;

/** Attempts of a leaf with old chunks, and whether they have younger ones in it or in a later leaf. */
const OLD = (day: number) => `SELECT o.*, EXISTS (SELECT FROM tss_log n WHERE n.shard = o.shard AND n.lane = o.lane
    AND n.seq = o.seq AND n.attempt = o.attempt AND n.day >= ${day} AND n.at >= $1) AS alive
  FROM (SELECT DISTINCT shard, lane, seq, attempt FROM tss_log_${day} WHERE at < $1) o`;

/**
 * Deletes output whose newest chunk is older than `before`; gives its bytes. A day that has passed goes by DROP. In the
 * day that `before` lies in rows are deleted one by one, without vacuum: their space comes back when the day is dropped.
 */
export async function pruneLogs(url: string, before: number): Promise<number> {
  const at = targetOf(url);
  let client: pg.Client | undefined;
  try {
    client = await connect(url, "tss prune", {
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      lookupsOnly: false,
    });
    let freed = 0;
    for (const { day } of (await client.query({ text: LEAVES, types: TYPES })).rows)
      if (day * DAY_MS < before) freed += await pruneDay(client, day, before);
    return freed;
  } catch (error) {
    throw storeError(error, at, false);
  } finally {
    await client?.end().catch(() => {});
  }
}

async function pruneDay(client: pg.Client, day: number, before: number): Promise<number> {
  const leaf = `tss_log_${day}`;
  const passed = (day + 1) * DAY_MS <= before;
  if (passed) {
    const alive = await client.query(`SELECT EXISTS (SELECT FROM (${OLD(day)}) o WHERE o.alive) AS alive`, [before]);
    if (!alive.rows[0].alive) {
      const size = await client.query({
        text: `SELECT coalesce(sum(octet_length(data)), 0)::bigint AS bytes FROM ${leaf}`,
        types: TYPES,
      });
      return (await dropLeaf(client, leaf)) ? size.rows[0].bytes : 0;
    }
  }
  const deleted = await client.query({
    text: `WITH gone AS (DELETE FROM ${leaf} l USING (${OLD(day)}) o WHERE NOT o.alive AND l.shard = o.shard
        AND l.lane = o.lane AND l.seq = o.seq AND l.attempt = o.attempt RETURNING octet_length(l.data) AS bytes)
      SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM gone`,
    values: [before],
    types: TYPES,
  });
  return deleted.rows[0].bytes;
}

/** False: somebody was in the way, and the leaf goes the next time. */
async function dropLeaf(client: pg.Client, leaf: string): Promise<boolean> {
  try {
    await transaction(client, () => client.query(`DROP TABLE ${leaf}`));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
    return false;
  }
}
