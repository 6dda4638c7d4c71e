import { withoutOverlap } from "../../kernel/log-stretch.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";
import { BinaryRows } from "./binary-rows.ts";
import { targetOf } from "./connection-url.ts";
import { dayOf, pruneLogs } from "./prune-logs.ts";
import { ReadPool } from "./read-pool.ts";
import { requireSchema } from "./schema-status.ts";

/** One for what comes in, one for who reads along: never the flush's. */
const CONNECTIONS = 2;
const COLUMNS = 10;
/** A chunk is at most this long, so that one which reaches beyond an offset begins no further before it. */
const CHUNK_BYTES = 64 * 1024;
const PAGE_ROWS = 500;

const SAME = "l.shard = c.shard AND l.lane = c.lane AND l.seq = c.seq AND l.attempt = c.attempt AND l.start = c.start";
const APPEND = `INSERT INTO tss_log SELECT c.* FROM unnest($1::tss_log[]) c
  WHERE NOT EXISTS (SELECT FROM tss_log l WHERE ${SAME}) ON CONFLICT DO NOTHING`;

/** Lengths of what is kept at the places of new chunks. */
const KEPT = `SELECT c.place, max(octet_length(l.data)) AS bytes
  FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::int[], $5::bigint[]) WITH ORDINALITY c(shard, lane, seq, attempt, start, place)
  JOIN tss_log l ON ${SAME} GROUP BY c.place`;

const READ = `SELECT start, stream, at, data, elided FROM (
    SELECT q.*, sum(octet_length(data)) OVER (ORDER BY start) - octet_length(data) AS before FROM (
      SELECT l.start, l.stream, l.at, l.data, l.elided FROM tss_log l
      WHERE l.shard = $1 AND l.lane = $2 AND l.seq = $3 AND l.attempt = $4 AND l.start > $5
        AND l.start + octet_length(l.data) > $6 ORDER BY l.start LIMIT ${PAGE_ROWS}) q) w
  WHERE before = 0 OR before < $7 ORDER BY start`;

/** The output of attempts in the database of the store, over connections of its own. */
export async function postgresBlobs(url: string): Promise<Blobs> {
  await requireSchema(url);
  const pool = new ReadPool(url, CONNECTIONS, targetOf(url));
  const [type] = await pool.rows({ text: "SELECT 'tss_log'::regtype::oid::bigint AS id" });
  const days = new Set<number>();

  const insert = async (chunks: readonly LogChunk[]) => {
    for (const day of new Set(chunks.map((chunk) => dayOf(chunk.at)))) {
      if (!days.has(day)) await pool.rows({ text: "SELECT tss_make_log_leaf($1)", values: [day] });
      days.add(day);
    }
    await pool.rows({ name: "append", text: APPEND, values: [encode(chunks, type.id)] });
  };

  return {
    async append(chunks) {
      if (chunks.length === 0) return;
      const once = withoutRepeats(await withoutKept(pool, longestFirst(chunks)));
      if (once.length === 0) return;
      await insert(once).catch((error: { cause?: { code?: string } }) => {
        // 23514: the leaf of a day was pruned since. Nothing of the statement is left, so it is made and sent again.
        if (error.cause?.code !== "23514") throw error;
        days.clear();
        return insert(once);
      });
    },
    async read(ref, attempt, offset, maxBytes) {
      const chunks: LogChunk[] = [];
      let bytes = 0;
      let after = offset - CHUNK_BYTES;
      for (;;) {
        const values = [ref.shard, ref.lane, ref.seq, attempt, after, offset, maxBytes - bytes];
        const rows = await pool.rows({ name: "read", text: READ, values });
        for (const row of rows) {
          chunks.push({
            ref,
            attempt,
            offset: row.start,
            stream: row.stream,
            at: row.at,
            data: row.data,
            elided: row.elided,
          });
          bytes += row.data.length;
          after = row.start;
        }
        if (rows.length < PAGE_ROWS || bytes >= maxBytes) return withoutOverlap(chunks);
      }
    },
    prune: (before) => pruneLogs(url, before),
    close: () => pool.close(),
  };
}

/** A worker that connects anew may cut its output elsewhere: of a chunk longer than the one at its place, the rest is new. */
async function withoutKept(pool: ReadPool, chunks: readonly LogChunk[]): Promise<readonly LogChunk[]> {
  const columns = [
    chunks.map(({ ref }) => ref.shard),
    chunks.map(({ ref }) => ref.lane),
    chunks.map(({ ref }) => ref.seq),
    chunks.map(({ attempt }) => attempt),
    chunks.map(({ offset }) => offset),
  ];
  const kept = new Map(
    (await pool.rows({ name: "kept", text: KEPT, values: columns })).map((row) => [row.place, row.bytes]),
  );
  return chunks.flatMap((chunk, index) => {
    const bytes: number = kept.get(index + 1) ?? 0;
    if (bytes === 0) return [chunk];
    if (bytes >= chunk.data.length) return [];
    return [{ ...chunk, offset: chunk.offset + bytes, data: chunk.data.subarray(bytes), elided: 0 }];
  });
}

function longestFirst(chunks: readonly LogChunk[]): readonly LogChunk[] {
  return [...chunks].sort((a, b) => b.data.length - a.data.length);
}

function withoutRepeats(chunks: readonly LogChunk[]): readonly LogChunk[] {
  const seen = new Set<string>();
  return chunks.filter(({ ref, attempt, offset }) => {
    const key = `${ref.shard}.${ref.lane}.${ref.seq}.${attempt}.${offset}`;
    return !seen.has(key) && seen.add(key);
  });
}

function encode(chunks: readonly LogChunk[], typeId: number): Buffer {
  const rows = new BinaryRows();
  rows.begin(typeId, chunks.length);
  for (const chunk of chunks) {
    rows.row(COLUMNS);
    rows.int8(chunk.at);
    rows.int8(chunk.ref.lane);
    rows.int8(chunk.ref.seq);
    rows.int8(chunk.offset);
    rows.int8(chunk.elided);
    rows.int4(dayOf(chunk.at));
    rows.int4(chunk.attempt);
    rows.int2(chunk.ref.shard);
    rows.int2(chunk.stream);
    rows.bytes(chunk.data);
    rows.endRow();
  }
  return rows.finish();
}
