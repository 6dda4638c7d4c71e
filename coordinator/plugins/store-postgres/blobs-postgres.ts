import { firstBytes, withoutOverlap } from "../../kernel/log-stretch.ts";
import { refKey } from "../../kernel/task-ref.ts";
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

/** A chunk gives way to a longer one at its place. What is on another day stays: reading gives each byte once. */
const APPEND = `INSERT INTO tss_log SELECT c.* FROM unnest($1::tss_log[]) c
  WHERE NOT EXISTS (SELECT FROM tss_log l WHERE l.shard = c.shard AND l.lane = c.lane AND l.seq = c.seq
    AND l.attempt = c.attempt AND l.start = c.start AND octet_length(l.data) >= octet_length(c.data))
  ON CONFLICT (shard, lane, seq, attempt, start, day) DO UPDATE
    SET at = excluded.at, stream = excluded.stream, elided = excluded.elided, data = excluded.data`;

const READ = `SELECT start, day, stream, at, data, elided FROM (
    SELECT q.*, sum(octet_length(data)) OVER (ORDER BY start, day) - octet_length(data) AS before FROM (
      SELECT l.start, l.day, l.stream, l.at, l.data, l.elided FROM tss_log l
      WHERE l.shard = $1 AND l.lane = $2 AND l.seq = $3 AND l.attempt = $4 AND l.start >= $5
        AND (l.start, l.day) > ($5::bigint, $8::int) AND l.start + octet_length(l.data) > $6 ORDER BY l.start, l.day LIMIT ${PAGE_ROWS}) q) w
  WHERE before = 0 OR before < $7 ORDER BY start, day`;

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
      const once = longestAtEachPlace(chunks);
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
      let after = { start: offset - CHUNK_BYTES, day: -1 };
      for (;;) {
        const values = [ref.shard, ref.lane, ref.seq, attempt, after.start, offset, maxBytes - bytes, after.day];
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
          after = { start: row.start, day: row.day };
        }
        if (rows.length < PAGE_ROWS || bytes >= maxBytes) return firstBytes(withoutOverlap(chunks), maxBytes);
      }
    },
    prune: (before) => pruneLogs(url, before),
    close: () => pool.close(),
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
