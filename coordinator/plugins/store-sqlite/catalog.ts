import type { ApiKeyRow, CatalogStore, Meta, QueueRow } from "../../ports/catalog-store.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import { checkEpochs } from "./ownership.ts";
import type { Row } from "./row-codec.ts";

export function makeCatalog({ writer, reader }: Handles): CatalogStore {
  const rows = <T>(sql: string, decode: (row: Row) => T): readonly T[] =>
    reader.read(() => reader.prepare(sql).all().map(decode));
  return {
    meta: async () => reader.read(() => metaOf(reader)),
    lanes: async (after = 0) =>
      reader.read(() =>
        reader
          .prepare("SELECT lane, key FROM lane WHERE lane > ?")
          .all(after)
          .map((row) => ({ lane: row["lane"] as number, key: row["key"] as string })),
      ),
    internLanes: async (keys) => internLanes(writer, reader, keys),
    async forgetLanes(lanes) {
      writer.write(() => {
        const remove = writer.prepare("DELETE FROM lane WHERE lane = ?");
        for (const lane of lanes) remove.run(lane);
      });
    },
    queues: async () => rows("SELECT * FROM queue", queueOf),
    async saveQueue(queue) {
      writer.write(() =>
        writer
          .prepare("INSERT OR REPLACE INTO queue VALUES (?, ?, ?, ?, ?)")
          .run(queue.name, queue.paused ? 1 : 0, queue.pauseNote, queue.pausedAt, queue.config),
      );
    },
    apiKeys: async () => rows("SELECT * FROM api_key", apiKeyOf),
    authVersion: async () => reader.read(() => metaValue(reader, "auth_version") as number),
    async insertApiKey(key) {
      writer.write(() => {
        const { id, name, role, hash, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
        writer
          .prepare("INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
          .run(id, name, role, hash, createdAt, expiresAt, revokedAt, lastUsedAt);
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
    bulks: async () =>
      rows("SELECT id, created_at, body FROM bulk ORDER BY created_at, id", (row) => ({
        id: row["id"] as string,
        createdAt: row["created_at"] as number,
        body: row["body"] as string,
      })),
    async saveBulk({ id, createdAt, body }, owner) {
      writer.write(() => {
        checkEpochs(writer, [owner]);
        writer.prepare("INSERT OR REPLACE INTO bulk VALUES (?, ?, ?)").run(id, createdAt, body);
      });
    },
    async deleteBulks(ids) {
      writer.write(() => {
        const remove = writer.prepare("DELETE FROM bulk WHERE id = ?");
        for (const id of ids) remove.run(id);
      });
    },
  };
}

/** Known lanes are read without the write lock; new ones are looked for again under it. */
function internLanes(writer: Connection, reader: Connection, keys: readonly string[]): readonly number[] {
  const idsIn = (connection: Connection): (number | undefined)[] => {
    const select = connection.prepare("SELECT lane FROM lane WHERE key = ?");
    return keys.map((key) => select.get(key)?.["lane"] as number | undefined);
  };
  const known = reader.read(() => idsIn(reader));
  if (known.every((id) => id !== undefined)) return known as number[];
  return writer.write(() => {
    const insert = writer.prepare("INSERT INTO lane (key) VALUES (?) ON CONFLICT DO NOTHING");
    for (const key of keys) insert.run(key);
    return idsIn(writer) as number[];
  });
}

function metaValue(connection: Connection, key: string): unknown {
  return connection.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.["value"];
}

function metaOf(reader: Connection): Meta {
  return {
    shards: reader.prepare("SELECT count(*) AS shards FROM shard").get()?.["shards"] as number,
    salt: metaValue(reader, "salt") as Uint8Array,
    schemaVersion: metaValue(reader, "schema_version") as number,
  };
}

function raiseAuthVersion(writer: Connection): void {
  writer.prepare("UPDATE meta SET value = value + 1 WHERE key = 'auth_version'").run();
}

function queueOf(row: Row): QueueRow {
  return {
    name: row["name"] as string,
    paused: row["paused"] === 1,
    pauseNote: row["pause_note"] as string,
    pausedAt: row["paused_at"] as number,
    config: row["config"] as string,
  };
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
  };
}
