import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { refKey, type TaskRef } from "../../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS log_chunk (
    task TEXT NOT NULL, attempt INTEGER NOT NULL, offset INTEGER NOT NULL, stream INTEGER NOT NULL, at INTEGER NOT NULL,
    elided INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (task, attempt, offset)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS log_chunk_at ON log_chunk (at);`;

/** Chunks deleted in one step, so that output never waits long for the janitor. */
const PRUNE_CHUNKS = 1_000;

/** Output in a SQLite file of its own beside the tasks: writing it never holds up a flush. */
export function openSqliteBlobs(path: string): Blobs {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path);
  // Output that a power cut may cost a moment of is worth no fsync a chunk: the agent's spool has it until the end.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA auto_vacuum = INCREMENTAL;",
  );
  database.exec(SCHEMA);
  const insert = database.prepare("INSERT OR IGNORE INTO log_chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const select = database.prepare(
    "SELECT offset, stream, at, elided, data FROM log_chunk WHERE task = ? AND attempt = ? AND offset + size > ? ORDER BY offset LIMIT 64",
  );
  const old = database.prepare(
    `SELECT task, attempt, sum(size) AS bytes FROM log_chunk GROUP BY task, attempt HAVING max(at) < ? LIMIT ${PRUNE_CHUNKS}`,
  );
  const remove = database.prepare("DELETE FROM log_chunk WHERE task = ? AND attempt = ?");
  return {
    async append(chunks) {
      database.exec("BEGIN IMMEDIATE");
      try {
        for (const { ref, attempt, offset, stream, at, elided, data } of chunks)
          insert.run(refKey(ref), attempt, offset, stream, at, elided, data.length, data);
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    async read(ref, attempt, offset, maxBytes) {
      const chunks: LogChunk[] = [];
      let bytes = 0;
      for (const row of select.iterate(refKey(ref), attempt, offset)) {
        const chunk = toChunk(ref, attempt, row);
        if (chunks.length > 0 && bytes + chunk.data.length > maxBytes) break;
        bytes += chunk.data.length;
        chunks.push(chunk);
      }
      return chunks;
    },
    async prune(before) {
      let freed = 0;
      for (const row of old.all(before)) {
        remove.run(row["task"] as string, row["attempt"] as number);
        freed += Number(row["bytes"]);
      }
      if (freed > 0) database.exec("PRAGMA incremental_vacuum(1000)");
      return freed;
    },
    async close() {
      database.close();
    },
  };
}

function toChunk(ref: TaskRef, attempt: number, row: Record<string, unknown>): LogChunk {
  const { offset, stream, at, elided, data } = row as {
    offset: number;
    stream: number;
    at: number;
    elided: number;
    data: Uint8Array;
  };
  return { ref, attempt, offset, stream, at, elided, data };
}
