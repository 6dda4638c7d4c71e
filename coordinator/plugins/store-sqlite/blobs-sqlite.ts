import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeDirectory } from "../../../runtime/make-directory.ts";
import { withoutOverlap } from "../../kernel/log-stretch.ts";
import type { TaskRef } from "../../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";
import { packChunk, unpackChunk } from "./chunk-packing.ts";
import { pruneOutputs } from "./prune-sqlite.ts";

/** Largest chunk of the contract: what holds an offset begins no further before it. */
const CHUNK_BYTES = 64 * 1024;

/** One row per attempt that knows its newest chunk, so that pruning looks at nothing it does not delete. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS output (
  id INTEGER PRIMARY KEY, shard INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL, newest INTEGER NOT NULL, bytes INTEGER NOT NULL,
  UNIQUE (shard, lane, seq, attempt)) STRICT;
CREATE INDEX IF NOT EXISTS output_newest ON output (newest);
CREATE TABLE IF NOT EXISTS chunk (
  output INTEGER NOT NULL, place INTEGER NOT NULL, size INTEGER NOT NULL, stream INTEGER NOT NULL, at INTEGER NOT NULL,
  elided INTEGER NOT NULL, packing INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (output, place)) STRICT, WITHOUT ROWID;`;

/**
 * Output in a SQLite file of its own beside the tasks. A file has one writer at a time, so output in the tasks' file would
 * hold up flushes; apart, it also has its own size, log and damage. Commits are synced: the worker forgets what is acknowledged.
 */
export function openSqliteBlobs(path: string): Blobs {
  const db = openFile(path);
  const output = db.prepare(
    `INSERT INTO output (shard, lane, seq, attempt, newest, bytes) VALUES (?, ?, ?, ?, ?, 0)
      ON CONFLICT DO UPDATE SET newest = max(newest, excluded.newest) RETURNING id`,
  );
  const grow = db.prepare("UPDATE output SET bytes = bytes + ? WHERE id = ?");
  const insert = db.prepare(
    `INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET size = excluded.size, at = excluded.at, packing = excluded.packing, data = excluded.data
      WHERE excluded.size > size`,
  );
  const select = db.prepare(
    `SELECT place, size, stream, at, elided, packing, data FROM chunk
      WHERE output = (SELECT id FROM output WHERE shard = ? AND lane = ? AND seq = ? AND attempt = ?)
        AND place > ? AND place + size > ? ORDER BY place`,
  );
  let closed = false;
  return {
    async append(chunks) {
      const packed = chunks.map((chunk) => ({ chunk, ...packChunk(chunk.data) }));
      inTransaction(db, () => {
        for (const { chunk, packing, bytes } of packed) {
          const { ref, attempt, offset, data, stream, at, elided } = chunk;
          const id = output.get(ref.shard, ref.lane, ref.seq, attempt, at)?.["id"] as number;
          const { changes } = insert.run(id, offset, data.length, stream, at, elided, packing, bytes);
          if (changes > 0) grow.run(bytes.length, id);
        }
      });
    },
    async read(ref, attempt, offset, maxBytes) {
      const chunks: LogChunk[] = [];
      let bytes = 0;
      const { shard, lane, seq } = ref;
      for (const row of select.iterate(shard, lane, seq, attempt, offset - CHUNK_BYTES, offset)) {
        bytes += row["size"] as number;
        if (chunks.length > 0 && bytes > maxBytes) break;
        chunks.push(chunkOf(ref, attempt, row));
      }
      return withoutOverlap(chunks);
    },
    prune: (before) => pruneOutputs(db, before, () => closed),
    async close() {
      closed = true;
      db.close();
    },
  };
}

function openFile(path: string): DatabaseSync {
  makeDirectory(dirname(path), 0o700);
  // Output may carry secrets: only the user that makes the file may read it.
  closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // The order matters: how a file is vacuumed can be set only before anything is written to it.
    db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    db.exec("PRAGMA journal_size_limit = 16777216");
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw new Error(`Output cannot be kept in ${path} (${(error as Error).message}): move that file away.`, {
      cause: error,
    });
  }
}

function inTransaction(db: DatabaseSync, body: () => void): void {
  try {
    db.exec("BEGIN IMMEDIATE");
    body();
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function chunkOf(ref: TaskRef, attempt: number, row: Record<string, unknown>): LogChunk {
  return {
    ref,
    attempt,
    offset: row["place"] as number,
    stream: row["stream"] as number,
    at: row["at"] as number,
    elided: row["elided"] as number,
    data: unpackChunk(row["packing"] as number, row["data"] as Uint8Array),
  };
}
