import { createHash } from "node:crypto";
import type { CatalogStore } from "../../ports/catalog-store.ts";
import { apiKeyStore } from "./api-keys.ts";
import type { Leaves } from "./leaves.ts";
import type { ReadPool } from "./read-pool.ts";
import { secretStore } from "./secrets.ts";

/** Lane keys have no bound that an index would hold; their hashes do. */
function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

const SAVE_QUEUE = `INSERT INTO tss_queue (name, paused, pause_note, paused_at, config) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, pause_note = excluded.pause_note,
    paused_at = excluded.paused_at, config = excluded.config`;

const SAVE_BULK = `INSERT INTO tss_bulk (id, created_at, body) SELECT $1, $2, $3 FROM tss_fence(ARRAY[$4::smallint], ARRAY[$5::bigint])
  ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, body = excluded.body`;

export function makeCatalog(pool: ReadPool, leaves: Leaves): CatalogStore {
  return {
    ...apiKeyStore(pool),
    ...secretStore(pool),
    async meta() {
      const [row] = await pool.rows({ text: "SELECT shards, salt, schema_version FROM tss_meta" });
      return { shards: row.shards, salt: row.salt, schemaVersion: row.schema_version };
    },
    async lanes(after = 0) {
      const text = "SELECT lane, key FROM tss_lane WHERE lane > $1 ORDER BY lane";
      const rows = await pool.rows({ name: "lanes", text, values: [after] });
      return rows.map((row) => ({ lane: row.lane, key: row.key }));
    },
    internLanes: (keys) => internLanes(pool, keys),
    forgetLanes: (lanes) => forgetLanes(pool, leaves, lanes),
    async queues() {
      const rows = await pool.rows({ text: "SELECT name, paused, pause_note, paused_at, config FROM tss_queue" });
      return rows.map((row) => ({
        name: row.name,
        paused: row.paused,
        pauseNote: row.pause_note,
        pausedAt: row.paused_at,
        config: row.config,
      }));
    },
    async saveQueue(queue) {
      const values = [queue.name, queue.paused, queue.pauseNote, queue.pausedAt, queue.config];
      await pool.rows({ text: SAVE_QUEUE, values });
    },
    async bulks() {
      const rows = await pool.rows({ text: "SELECT id, created_at, body FROM tss_bulk ORDER BY created_at, id" });
      return rows.map((row) => ({ id: row.id, createdAt: row.created_at, body: row.body }));
    },
    async saveBulk({ id, createdAt, body }, { shard, epoch }) {
      await pool.rows({ name: "save_bulk", text: SAVE_BULK, values: [id, createdAt, body, shard, epoch] });
    },
    async deleteBulks(ids) {
      await pool.rows({ text: "DELETE FROM tss_bulk WHERE id = ANY ($1::text[])", values: [ids] });
    },
  };
}

/** Looks before it inserts: an id that an insert draws and does not use is spent. */
async function internLanes(pool: ReadPool, keys: readonly string[]): Promise<readonly number[]> {
  const hashes = keys.map(hashOf);
  const known = new Map<string, number>();
  const look = async () => {
    const rows = await pool.rows({
      text: "SELECT lane, key_hash FROM tss_lane WHERE key_hash = ANY ($1::bytea[])",
      values: [hashes],
    });
    for (const row of rows) known.set(row.key_hash.toString("hex"), row.lane);
  };
  await look();
  const missing = new Map(keys.map((key, i) => [hashes[i]!.toString("hex"), { key, hash: hashes[i]! }]));
  for (const hex of known.keys()) missing.delete(hex);
  if (missing.size > 0) {
    // In one order for all callers, so that two that meet wait for each other and never in a circle.
    const rows = [...missing.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    await pool.rows({
      text: "INSERT INTO tss_lane (key_hash, key) SELECT * FROM unnest($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING",
      values: [rows.map((row) => row.hash), rows.map((row) => row.key)],
    });
    await look();
  }
  return hashes.map((hash) => known.get(hash.toString("hex")) ?? 0);
}

/** Keeps a lane that any segment still has a task of, whatever the caller believes. */
async function forgetLanes(pool: ReadPool, leaves: Leaves, lanes: readonly number[]): Promise<void> {
  if (lanes.length === 0) return;
  const segments = await pool.rows({ text: "SELECT seg FROM tss_segment UNION ALL SELECT 0" });
  const there = await leaves.existing(segments.map((row) => row.seg));
  const used = there.map(
    (seg) => `EXISTS (SELECT FROM tss_shard s WHERE EXISTS
      (SELECT FROM tss_task_${seg} t WHERE t.shard = s.shard AND t.lane = l.lane))`,
  );
  await pool.rows({
    text: `DELETE FROM tss_lane l WHERE l.lane = ANY ($1::bigint[]) AND NOT (${used.join(" OR ")})`,
    values: [lanes],
  });
}
