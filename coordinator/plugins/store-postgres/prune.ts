import type pg from "pg";
import type { OwnedShard } from "../../ports/store.ts";
import { transaction } from "./connect.ts";
import { DAY_MS } from "./encode-rows.ts";
import { GATE_SLOTS } from "./schema/tables.ts";
import { fence } from "./segments.ts";

const LOCK_TIMEOUT_MS = 100;

const PRUNE_LATER = `WITH old AS MATERIALIZED (SELECT shard, lane, seq FROM tss_end_0 WHERE at < $1 ORDER BY at LIMIT $2),
  t AS (DELETE FROM tss_task_0 t USING old o WHERE t.shard = o.shard AND t.lane = o.lane AND t.seq = o.seq),
  v AS (DELETE FROM tss_event_0 v USING old o WHERE v.shard = o.shard AND v.lane = o.lane AND v.seq = o.seq),
  e AS (DELETE FROM tss_end_0 e USING old o WHERE e.shard = o.shard AND e.lane = o.lane AND e.seq = o.seq RETURNING 1)
  SELECT count(*)::int AS pruned FROM e`;

/** A session began before everything that is kept, and no event that is kept names it. */
const PRUNE_SESSIONS = `DELETE FROM tss_session s
  WHERE s.at < least($1, (SELECT min(opened_at) FROM tss_segment))
    AND NOT EXISTS (SELECT FROM tss_session_use u WHERE u.session = s.session)
    AND NOT EXISTS (SELECT FROM tss_event_0 v WHERE v.session = s.session)`;

/** Deletes ended tasks of segment 0, oldest ends first, under the epoch check. */
export function pruneLater(
  client: pg.Client,
  owners: readonly OwnedShard[],
  endedBefore: number,
  limit: number,
): Promise<number> {
  return transaction(client, async () => {
    await fence(client, owners);
    return (await client.query(PRUNE_LATER, [endedBefore, limit])).rows[0].pruned as number;
  });
}

/** Empties the leaves of gates that hold none any more, and forgets sessions that nothing names. */
export async function pruneGates(client: pg.Client, now: number): Promise<void> {
  for (let slot = 0; slot < GATE_SLOTS; slot++) {
    const leaf = `tss_gate_${slot}`;
    const state = await client.query(
      `SELECT EXISTS (SELECT FROM ${leaf}) AND NOT EXISTS (SELECT FROM ${leaf} WHERE expires_at > $1) AS passed`,
      [now],
    );
    if (state.rows[0].passed) await emptyLeaf(client, leaf, now);
  }
  await client.query(PRUNE_SESSIONS, [now - DAY_MS]);
}

/** Looks once more under the lock; a leaf that is in use is left for the next time. */
async function emptyLeaf(client: pg.Client, leaf: string, now: number): Promise<void> {
  try {
    await transaction(client, async () => {
      await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query(`LOCK TABLE ${leaf} IN ACCESS EXCLUSIVE MODE`);
      const held = await client.query(`SELECT EXISTS (SELECT FROM ${leaf} WHERE expires_at > $1) AS held`, [now]);
      if (!held.rows[0].held) await client.query(`TRUNCATE ${leaf}`);
    });
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
  }
}
