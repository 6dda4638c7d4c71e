import type { ApiKeyRow, ApiKeyStore } from "../../ports/catalog-store.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import { metaValue } from "./meta-value.ts";
import type { Row } from "./row-codec.ts";

const INSERT = `INSERT INTO api_key
  (id, name, role, hash, created_at, expires_at, revoked_at, last_used_at, renew_ms, next_hash, used_by)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const REDEEM = "UPDATE api_key SET revoked_at = ?, used_by = ? WHERE id = ? AND revoked_at = 0 AND expires_at > ?";
const ANNOUNCE = "UPDATE api_key SET next_hash = ? WHERE id = ? AND revoked_at = 0 AND expires_at > ?";
const SETTLE = `UPDATE api_key SET hash = next_hash, next_hash = NULL, expires_at = ?
  WHERE id = ? AND next_hash = ? AND revoked_at = 0 AND expires_at > ?`;
/** Of a key that was revoked early its expiry says nothing. */
const FORGET = "DELETE FROM api_key WHERE renew_ms > 0 AND iif(revoked_at > 0, revoked_at, expires_at) < ?";

export function apiKeyStore({ writer, reader }: Pick<Handles, "writer" | "reader">): ApiKeyStore {
  /** Whether the statement changed a row; what follows is done with it or not at all. */
  const change = (sql: string, values: readonly (string | number | Uint8Array)[], andThen = () => {}): boolean =>
    writer.write(() => {
      if (writer.prepare(sql).run(...values).changes === 0) return false;
      andThen();
      raiseAuthVersion(writer);
      return true;
    });
  return {
    apiKeys: async () => reader.read(() => reader.prepare("SELECT * FROM api_key").all().map(apiKeyOf)),
    authVersion: async () => reader.read(() => metaValue(reader, "auth_version") as number),
    async insertApiKey(key) {
      writer.write(() => {
        insert(writer, key);
        raiseAuthVersion(writer);
      });
    },
    async revokeApiKey(id, at) {
      return writer.write(() => {
        if (writer.prepare("SELECT 1 FROM api_key WHERE id = ?").get(id) === undefined) return false;
        const revoke = writer.prepare("UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at = 0");
        if (revoke.run(at, id).changes === 1) raiseAuthVersion(writer);
        return true;
      });
    },
    async touchApiKeys(used) {
      writer.write(() => {
        const touch = writer.prepare("UPDATE api_key SET last_used_at = max(last_used_at, ?) WHERE id = ?");
        for (const { id, at } of used) touch.run(at, id);
      });
    },
    redeemJoinToken: async (id, made, at) => change(REDEEM, [at, made.id, id, at], () => insert(writer, made)),
    announceSecret: async (id, nextHash, at) => change(ANNOUNCE, [nextHash, id, at]),
    settleSecret: async (id, nextHash, expiresAt, at) => change(SETTLE, [expiresAt, id, nextHash, at]),
    forgetJoined: async (endedBefore) => void change(FORGET, [endedBefore]),
  };
}

function insert(writer: Connection, key: ApiKeyRow): void {
  const { id, name, role, hash, createdAt, expiresAt, revokedAt, lastUsedAt, renewMs = 0, nextHash, usedBy = "" } = key;
  writer
    .prepare(INSERT)
    .run(id, name, role, hash, createdAt, expiresAt, revokedAt, lastUsedAt, renewMs, nextHash ?? null, usedBy);
}

function raiseAuthVersion(writer: Connection): void {
  writer.prepare("UPDATE meta SET value = value + 1 WHERE key = 'auth_version'").run();
}

function apiKeyOf(row: Row): ApiKeyRow {
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    role: row["role"] as number,
    hash: row["hash"] as Uint8Array,
    createdAt: row["created_at"] as number,
    expiresAt: row["expires_at"] as number,
    revokedAt: row["revoked_at"] as number,
    lastUsedAt: row["last_used_at"] as number,
    ...(row["renew_ms"] === 0 ? {} : { renewMs: row["renew_ms"] as number }),
    ...(row["next_hash"] === null ? {} : { nextHash: row["next_hash"] as Uint8Array }),
    ...(row["used_by"] === "" ? {} : { usedBy: row["used_by"] as string }),
  };
}
