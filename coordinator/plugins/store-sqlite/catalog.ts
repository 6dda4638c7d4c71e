import type { CatalogStore, Meta, QueueRow } from "../../ports/catalog-store.ts";
import { apiKeyStore } from "./api-keys.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import { metaValue } from "./meta-value.ts";
import { checkEpochs } from "./ownership.ts";
import type { Row } from "./row-codec.ts";
import { secretStore } from "./secrets.ts";

export function makeCatalog({ writer, reader }: Handles): CatalogStore {
  const rows = <T>(sql: string, decode: (row: Row) => T): readonly T[] =>
    reader.read(() => reader.prepare(sql).all().map(decode));
  return {
    ...apiKeyStore({ writer, reader }),
    ...secretStore({ writer, reader }),
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

function metaOf(reader: Connection): Meta {
  return {
    shards: reader.prepare("SELECT count(*) AS shards FROM shard").get()?.["shards"] as number,
    salt: metaValue(reader, "salt") as Uint8Array,
    schemaVersion: metaValue(reader, "schema_version") as number,
  };
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
