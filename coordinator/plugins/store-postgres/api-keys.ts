import type { ApiKeyRow, ApiKeyStore } from "../../ports/catalog-store.ts";
import type { ReadPool } from "./read-pool.ts";

const BUMP = "UPDATE tss_meta SET auth_version = auth_version + 1";
const COLUMNS = "id, name, role, hash, created_at, expires_at, revoked_at, last_used_at, renew_ms, next_hash, used_by";
/** As COLUMNS, from the first parameter on. */
const PLACES =
  "$1, $2, $3::smallint, $4::bytea, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bytea, $11";

/** Of two that redeem one token the second waits for the first's row, finds it revoked and does nothing. */
const REDEEM = `WITH used AS (UPDATE tss_api_key SET revoked_at = $13, used_by = $1
    WHERE id = $12 AND revoked_at = 0 AND expires_at > $13 RETURNING 1),
  made AS (INSERT INTO tss_api_key (${COLUMNS}) SELECT ${PLACES} FROM used),
  bump AS (${BUMP} WHERE EXISTS (SELECT FROM used))
  SELECT EXISTS (SELECT FROM used) AS done`;

const ANNOUNCE = `WITH done AS (UPDATE tss_api_key SET next_hash = $2
    WHERE id = $1 AND revoked_at = 0 AND expires_at > $3 RETURNING 1), bump AS (${BUMP} WHERE EXISTS (SELECT FROM done))
  SELECT EXISTS (SELECT FROM done) AS done`;

const SETTLE = `WITH done AS (UPDATE tss_api_key SET hash = next_hash, next_hash = NULL, expires_at = $3
    WHERE id = $1 AND next_hash = $2 AND revoked_at = 0 AND expires_at > $4 RETURNING 1),
  bump AS (${BUMP} WHERE EXISTS (SELECT FROM done))
  SELECT EXISTS (SELECT FROM done) AS done`;

/** Of a key that was revoked early its expiry says nothing. */
const FORGET = `WITH gone AS (DELETE FROM tss_api_key
    WHERE renew_ms > 0 AND CASE WHEN revoked_at > 0 THEN revoked_at ELSE expires_at END < $1 RETURNING 1)
  ${BUMP} WHERE EXISTS (SELECT FROM gone)`;

export function apiKeyStore(pool: ReadPool): ApiKeyStore {
  const done = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await pool.rows({ text, values: [...values] }))[0].done;
  return {
    async apiKeys() {
      const rows = await pool.rows({ text: `SELECT ${COLUMNS} FROM tss_api_key` });
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        role: row.role,
        hash: row.hash,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        revokedAt: row.revoked_at,
        lastUsedAt: row.last_used_at,
        ...(row.renew_ms === 0 ? {} : { renewMs: row.renew_ms }),
        ...(row.next_hash === null ? {} : { nextHash: row.next_hash }),
        ...(row.used_by === "" ? {} : { usedBy: row.used_by }),
      }));
    },
    async authVersion() {
      return (await pool.rows({ name: "auth", text: "SELECT auth_version FROM tss_meta" }))[0].auth_version;
    },
    async insertApiKey(key) {
      const text = `WITH bump AS (${BUMP}) INSERT INTO tss_api_key (${COLUMNS}) VALUES (${PLACES})`;
      await pool.rows({ text, values: valuesOf(key) });
    },
    async revokeApiKey(id, at) {
      const rows = await pool.rows({
        text: `WITH revoked AS (UPDATE tss_api_key SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END
            WHERE id = $1 RETURNING 1), bump AS (${BUMP} WHERE EXISTS (SELECT FROM revoked))
          SELECT EXISTS (SELECT FROM revoked) AS found`,
        values: [id, at],
      });
      return rows[0].found;
    },
    async touchApiKeys(used) {
      await pool.rows({
        text: `UPDATE tss_api_key k SET last_used_at = u.at FROM unnest($1::text[], $2::bigint[]) u(id, at)
          WHERE k.id = u.id AND k.last_used_at < u.at`,
        values: [used.map((one) => one.id), used.map((one) => one.at)],
      });
    },
    redeemJoinToken: (id, made, at) => done(REDEEM, [...valuesOf(made), id, at]),
    announceSecret: (id, nextHash, at) => done(ANNOUNCE, [id, Buffer.from(nextHash), at]),
    settleSecret: (id, nextHash, expiresAt, at) => done(SETTLE, [id, Buffer.from(nextHash), expiresAt, at]),
    forgetJoined: async (endedBefore) => void (await pool.rows({ text: FORGET, values: [endedBefore] })),
  };
}

function valuesOf(key: ApiKeyRow): unknown[] {
  const { id, name, role, hash, createdAt, expiresAt, revokedAt, lastUsedAt, renewMs = 0, nextHash, usedBy = "" } = key;
  const next = nextHash === undefined ? null : Buffer.from(nextHash);
  return [id, name, role, Buffer.from(hash), createdAt, expiresAt, revokedAt, lastUsedAt, renewMs, next, usedBy];
}
