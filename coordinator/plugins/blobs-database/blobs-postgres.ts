import pg from "pg";
import { withoutOverlap } from "../../kernel/log-stretch.ts";
import { refKey } from "../../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";

/** Made here and not by a migration: the table stands apart from the tasks and may be dropped at any time. */
const SCHEMA = `CREATE TABLE IF NOT EXISTS tss_log_chunk (
  task text NOT NULL, attempt integer NOT NULL, start bigint NOT NULL, stream smallint NOT NULL, at bigint NOT NULL,
  elided bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY (task, attempt, start));
  CREATE INDEX IF NOT EXISTS tss_log_chunk_at ON tss_log_chunk (at)`;

/** Two coordinators that start at once make the table one after the other. */
const SCHEMA_LOCK = 770_200;

const PRUNE_CHUNKS = 5_000;

/** Output in a table of the tasks' own database, over a connection of its own. */
export async function openPostgresBlobs(url: string): Promise<Blobs> {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: "tss logs", statement_timeout: 20_000 });
  pool.on("error", () => {});
  try {
    await makeTable(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    async append(given) {
      const chunks = longestAtEachPlace(given);
      await pool.query(
        `INSERT INTO tss_log_chunk SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::smallint[], $5::bigint[], $6::bigint[], $7::bytea[])
         ON CONFLICT (task, attempt, start) DO UPDATE SET at = excluded.at, data = excluded.data
         WHERE octet_length(excluded.data) > octet_length(tss_log_chunk.data)`,
        [
          chunks.map(({ ref }) => refKey(ref)),
          chunks.map(({ attempt }) => attempt),
          chunks.map(({ offset }) => offset),
          chunks.map(({ stream }) => stream),
          chunks.map(({ at }) => at),
          chunks.map(({ elided }) => elided),
          chunks.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
        ],
      );
    },
    async read(ref, attempt, offset, maxBytes) {
      const { rows } = await pool.query(
        `SELECT start, stream, at, elided, data FROM (SELECT *, sum(octet_length(data)) OVER (ORDER BY start) - octet_length(data) AS before
           FROM (SELECT * FROM tss_log_chunk WHERE task = $1 AND attempt = $2 AND start + octet_length(data) > $3 ORDER BY start LIMIT 64) q) w
         WHERE before < $4 ORDER BY start`,
        [refKey(ref), attempt, offset, maxBytes],
      );
      const chunks = rows.map((row) => ({
        ref,
        attempt,
        offset: Number(row.start),
        stream: row.stream as number,
        at: Number(row.at),
        elided: Number(row.elided),
        data: row.data as Buffer,
      }));
      return withoutOverlap(chunks);
    },
    async prune(before) {
      const { rows } = await pool.query(
        `WITH old AS (SELECT task, attempt FROM tss_log_chunk GROUP BY task, attempt HAVING max(at) < $1 LIMIT ${PRUNE_CHUNKS}),
              gone AS (DELETE FROM tss_log_chunk c USING old WHERE c.task = old.task AND c.attempt = old.attempt RETURNING octet_length(data) AS size)
         SELECT coalesce(sum(size), 0)::float8 AS freed FROM gone`,
        [before],
      );
      return rows[0].freed;
    },
    async close() {
      await pool.end();
    },
  };
}

/** One statement may not touch a row twice. */
function longestAtEachPlace(chunks: readonly LogChunk[]): readonly LogChunk[] {
  const places = new Map<string, LogChunk>();
  for (const chunk of chunks) {
    const place = `${refKey(chunk.ref)} ${chunk.attempt} ${chunk.offset}`;
    if (chunk.data.length > (places.get(place)?.data.length ?? -1)) places.set(place, chunk);
  }
  return [...places.values()];
}

async function makeTable(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${SCHEMA_LOCK}); ${SCHEMA}; COMMIT`);
  } finally {
    client.release();
  }
}
