import type pg from "pg";
import type { ClusterView, Member, ShardOwner } from "../../ports/shared-store.ts";
import { TYPES } from "./connect.ts";
import { requireTrust } from "./distrust.ts";
import { OWNER_LOCK } from "./schema/fence-function.ts";

/** Who a member is and whether its session is there; also the sign of life of the one who asks. */
const MEMBERS = `WITH beat AS (UPDATE tss_member SET beat_at = clock_timestamp(), leaving = $2 WHERE member = $1),
  live AS (SELECT l.objid::bigint AS member FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = ${OWNER_LOCK}
    AND l.objsubid = 2 AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
  SELECT m.member, m.name, m.address, m.version, m.leaving, m.member IN (SELECT member FROM live) AS connected,
    greatest(0, extract(epoch FROM clock_timestamp() - m.beat_at) * 1000)::int AS silent FROM tss_member m ORDER BY m.member`;

const SHARDS = "SELECT shard, epoch, member FROM tss_shard ORDER BY shard";

export async function look(client: pg.Client, self: number, leaving: boolean): Promise<ClusterView> {
  const members = await client.query({ name: "members", text: MEMBERS, values: [self, leaving], types: TYPES });
  await requireTrust(client);
  const shards = await client.query({ name: "shards", text: SHARDS, types: TYPES });
  return {
    members: members.rows.map(
      (row): Member => ({
        member: row.member,
        name: row.name,
        address: row.address,
        version: row.version,
        leaving: row.leaving,
        connected: row.connected,
        silentMs: row.member === self ? 0 : row.silent,
      }),
    ),
    shards: shards.rows as readonly ShardOwner[],
  };
}
