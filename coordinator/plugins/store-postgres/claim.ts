import type pg from "pg";
import type { OwnedShard } from "../../ports/store.ts";
import { OwnedError } from "../../ports/store-errors.ts";
import { TYPES, transaction } from "./connect.ts";
import { FOREIGN, requireTrust } from "./distrust.ts";
import { FLUSH_APPLICATION } from "./flush-connection.ts";
import { OWNER_APPLICATION } from "./owner-session.ts";
import { OWNER_LOCK, SHARD_LOCK } from "./schema/fence-function.ts";

/** How long a takeover waits for a flush of the old owner before it ends its connection. */
export const PATIENCE_MS = 2_000;

const LOCK_ALL = `SELECT pg_advisory_xact_lock(${SHARD_LOCK}, q.shard) FROM
  (SELECT shard::int FROM tss_shard ORDER BY shard) q`;

/** Ends the sessions that hold advisory locks of this class (of these second keys, if any), if they are TSS's own of that name. */
export const END_HOLDERS = `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE starts_with(a.application_name, $2)
  AND a.pid <> pg_backend_pid() AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory'
  AND l.classid = $1 AND l.objsubid = 2 AND ($3::int[] IS NULL OR l.objid = ANY ($3::int[]))
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`;

/**
 * Makes this process the owner of every shard. Order matters: the epochs rise only under the exclusive locks of all
 * shards, which are granted when every flush under the old epochs has ended.
 * @throws OwnedError another process lives and `takeover` is false.
 */
export async function claimShards(
  client: pg.Client,
  owner: string,
  takeover: boolean,
  by: number | undefined,
): Promise<readonly OwnedShard[]> {
  const alone = (await tryOwnerLock(client)) || (!takeover && (await waitForOwnerLock(client)));
  if (!alone && !takeover) throw new OwnedError(await currentOwner(client));
  const owned = await raiseEpochs(client, owner, by).catch(async (error: { code?: string }) => {
    // 55P03: a lock was not granted in time. The connection that holds it is the old owner's flush: it is ended.
    if (error.code !== "55P03") throw error;
    await client.query(END_HOLDERS, [SHARD_LOCK, FLUSH_APPLICATION, null]);
    return raiseEpochs(client, owner, by);
  });
  if (!alone) {
    await client.query(END_HOLDERS, [OWNER_LOCK, OWNER_APPLICATION, null]);
    // Without the lock only the sign of life is missing, not the fence.
    if (!(await tryOwnerLock(client))) await waitForOwnerLock(client);
  }
  return owned;
}

async function tryOwnerLock(client: pg.Client): Promise<boolean> {
  const answer = await client.query(
    `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = ${OWNER_LOCK}
        AND objid = 0 AND mode = 'ExclusiveLock') OR pg_try_advisory_lock(${OWNER_LOCK}, 0) AS got`,
  );
  return answer.rows[0].got;
}

/**
 * Waits as long as the session's lock_timeout: the server notices a little later that a killed owner's connection is
 * gone, and a session that was told to end does so at its next stop. False: it is held still.
 */
async function waitForOwnerLock(client: pg.Client): Promise<boolean> {
  try {
    await client.query(`SELECT pg_advisory_lock(${OWNER_LOCK}, 0)`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
    return false;
  }
}

/** A fenced owner does not take its lock back. */
export async function retakeOwnerLock(client: pg.Client, owned: readonly OwnedShard[]): Promise<void> {
  const held = await client.query(
    `SELECT count(*) = cardinality($1::smallint[]) AS held FROM unnest($1::smallint[], $2::bigint[]) u(shard, epoch)
      JOIN tss_shard s ON s.shard = u.shard AND s.epoch = u.epoch`,
    [owned.map((one) => one.shard), owned.map((one) => one.epoch)],
  );
  if (held.rows[0].held) await client.query(`SELECT pg_try_advisory_lock(${OWNER_LOCK}, 0)`);
}

export async function currentOwner(client: pg.Client): Promise<string> {
  const answer = await client.query("SELECT owner FROM tss_shard ORDER BY epoch DESC LIMIT 1");
  return answer.rows[0]?.owner || "a process that has not given its name yet";
}

const RAISE = `UPDATE tss_shard SET epoch = greatest(epoch, (${FOREIGN})) + $2, owner = $1, member = 0
  RETURNING shard, epoch`;

function raiseEpochs(client: pg.Client, owner: string, by: number | undefined): Promise<readonly OwnedShard[]> {
  return transaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${PATIENCE_MS}`);
    await client.query(LOCK_ALL);
    if (by === undefined) await requireTrust(client);
    const raised = await client.query({ text: RAISE, values: [owner, by ?? 1], types: TYPES });
    if (by !== undefined) await client.query("UPDATE tss_meta SET foreign_epoch = 0");
    const owned: OwnedShard[] = raised.rows.map((row) => ({ shard: row.shard, epoch: row.epoch }));
    return owned.sort((a, b) => a.shard - b.shard);
  });
}
