import type pg from "pg";
import type { ClusterView, NewMember, ShardClaim, SharedStore } from "../../ports/shared-store.ts";
import type { OwnedShard } from "../../ports/store.ts";
import { OwnedError, SchemaError } from "../../ports/store-errors.ts";
import { currentOwner } from "./claim.ts";
import type { Target } from "./connection-url.ts";
import { requireTrust } from "./distrust.ts";
import { look } from "./look.ts";
import type { OwnerSession } from "./owner-session.ts";
import { OWNER_LOCK } from "./schema/fence-function.ts";
import { requireSameSchema } from "./schema-status.ts";
import { storeError } from "./store-error.ts";
import { giveBack, takeShards } from "./take-shards.ts";

/** Members that are gone for good: nothing is theirs any more. */
const FORGET = `DELETE FROM tss_member m WHERE m.beat_at < clock_timestamp() - interval '1 minute'
  AND NOT EXISTS (SELECT FROM tss_shard s WHERE s.member = m.member)
  AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = ${OWNER_LOCK} AND l.objid = m.member)`;

/** The same after a failover to a standby; another one after a dump was restored elsewhere, or under another name. */
const IDENTITY = `SELECT c.system_identifier || '/' || d.oid AS identity FROM pg_control_system() c, pg_database d
  WHERE d.datname = current_database()`;

/** What this process remembers of the tables, to be told when it owns other shards. */
export interface OwnerMemory {
  taken(owned: readonly OwnedShard[]): Promise<void>;
  givenBack(owned: readonly OwnedShard[]): void;
}

/**
 * Ownership divided among several processes. A member holds two session locks: (OWNER_LOCK, 0) shared, which keeps out who
 * wants the whole store, and (OWNER_LOCK, its number), by which the others see that it lives.
 */
export function makeShared(session: OwnerSession, at: Target, memory: OwnerMemory): SharedStore & { member(): number } {
  let member = 0;
  const run = <T>(body: (client: pg.Client) => Promise<T>): Promise<T> =>
    session.run(body).catch((error: unknown) => {
      throw error instanceof OwnedError || error instanceof SchemaError ? error : storeError(error, at, false);
    });
  return {
    member: () => member,
    identity: () => run(async (client) => (await client.query(IDENTITY)).rows[0].identity as string),
    async join(fields: NewMember): Promise<number> {
      member = await run(async (client) => {
        await requireSameSchema(client, at);
        return join(client, fields);
      });
      session.keep((client) => lockMember(client, member));
      return member;
    },
    look: (leaving = false): Promise<ClusterView> => run((client) => look(client, member, leaving)),
    async take(claims: readonly ShardClaim[], seg: number): Promise<readonly OwnedShard[]> {
      const taken = await run((client) => takeShards(client, member, claims, seg));
      if (taken.length > 0) await memory.taken(taken);
      return taken;
    },
    async giveBack(shards: readonly OwnedShard[]): Promise<void> {
      memory.givenBack(shards);
      await run((client) => giveBack(client, shards));
    },
    async leave(): Promise<void> {
      session.letGo();
      await run(async (client) => {
        await client.query("UPDATE tss_shard SET member = 0, owner = '' WHERE member = $1", [member]);
        await client.query("DELETE FROM tss_member WHERE member = $1", [member]);
        await client.query(
          `SELECT pg_advisory_unlock(${OWNER_LOCK}, $1), pg_advisory_unlock_shared(${OWNER_LOCK}, 0)`,
          [member],
        );
      });
    },
  };
}

async function join(client: pg.Client, { name, address, version }: NewMember): Promise<number> {
  const free = await client.query(`SELECT pg_try_advisory_lock_shared(${OWNER_LOCK}, 0) AS free`);
  if (!free.rows[0].free) throw new OwnedError(await currentOwner(client));
  await requireTrust(client);
  await client.query(FORGET);
  const made = await client.query(
    "INSERT INTO tss_member (name, address, version) VALUES ($1, $2, $3) RETURNING member",
    [name, address, version],
  );
  const member = made.rows[0].member as number;
  await client.query(`SELECT pg_advisory_lock(${OWNER_LOCK}, $1)`, [member]);
  return member;
}

async function lockMember(client: pg.Client, member: number): Promise<void> {
  await client.query(`SELECT pg_try_advisory_lock_shared(${OWNER_LOCK}, 0), pg_try_advisory_lock(${OWNER_LOCK}, $1)`, [
    member,
  ]);
}
