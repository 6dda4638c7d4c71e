/**
 * Tables of one segment. They have no rowid: a row lies in its primary key, in the order refills read, and the one
 * index of tasks by time carries that key along, which is the whole order of lists.
 */
export function segmentTables(seg: number): string {
  return `
CREATE TABLE IF NOT EXISTS task_${seg} (
  shard INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL, run_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL, max_attempts INTEGER NOT NULL,
  name TEXT NOT NULL, type TEXT NOT NULL, labels TEXT NOT NULL, submitted_by TEXT NOT NULL, retry_of TEXT NOT NULL,
  spec BLOB NOT NULL, PRIMARY KEY (shard, lane, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS task_${seg}_created ON task_${seg} (created_at);
CREATE INDEX IF NOT EXISTS task_${seg}_expires ON task_${seg} (expires_at) WHERE expires_at > 0;
CREATE INDEX IF NOT EXISTS task_${seg}_run ON task_${seg} (${seg === 0 ? "run_at" : "shard, seq"}) WHERE run_at > 0;
CREATE TABLE IF NOT EXISTS event_${seg} (
  shard INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL, ord INTEGER NOT NULL,
  kind INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL, session INTEGER NOT NULL,
  next_at INTEGER NOT NULL, detail BLOB, PRIMARY KEY (shard, lane, seq, ord)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS end_${seg} (
  shard INTEGER NOT NULL, lane INTEGER NOT NULL, seq INTEGER NOT NULL,
  status INTEGER NOT NULL, reason INTEGER NOT NULL, attempt INTEGER NOT NULL, token INTEGER NOT NULL,
  at INTEGER NOT NULL, created_at INTEGER NOT NULL, detail BLOB, result BLOB,
  PRIMARY KEY (shard, lane, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS end_${seg}_bad ON end_${seg} (created_at) WHERE status IN (4, 5);
${seg === 0 ? LATER_TABLES : flushTable(seg)}`;
}

const LATER_TABLES = `
CREATE INDEX IF NOT EXISTS end_0_at ON end_0 (at);
CREATE INDEX IF NOT EXISTS event_0_session ON event_0 (session) WHERE session > 0;`;

/** One row per flush and shard it touched; \`outcome\` keeps what a flush in doubt has to be answered with. */
const flushTable = (seg: number): string => `
CREATE TABLE IF NOT EXISTS flush_${seg} (
  shard INTEGER NOT NULL, epoch INTEGER NOT NULL, flush_no INTEGER NOT NULL, body BLOB NOT NULL, outcome TEXT,
  PRIMARY KEY (shard, epoch, flush_no)) STRICT, WITHOUT ROWID;`;

/** What is dropped, one at a time, when a ring segment is emptied: each step holds the writer up for its own pages only. */
export function segmentDrops(seg: number): readonly string[] {
  return [
    ...["created", "expires", "run"].map((index) => `DROP INDEX IF EXISTS task_${seg}_${index}`),
    `DROP INDEX IF EXISTS end_${seg}_bad`,
    ...segmentNames(seg).map((table) => `DROP TABLE IF EXISTS ${table}`),
  ];
}

export const segmentNames = (seg: number): readonly string[] =>
  ["task", "event", "end", "flush"].map((table) => `${table}_${seg}`);

/** Gates whose time ends on this UTC day. */
export const gateTable = (day: string): string => `
CREATE TABLE IF NOT EXISTS gate_${day} (
  key TEXT NOT NULL PRIMARY KEY, hash BLOB NOT NULL, answer BLOB NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** Tables that are there from the start and are few rows. */
export const CONTROL_TABLES = `
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE shard (shard INTEGER NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
CREATE TABLE checkpoint (
  shard INTEGER NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL, flush_no INTEGER NOT NULL, at INTEGER NOT NULL,
  body BLOB NOT NULL) STRICT;
CREATE TABLE segment (
  seg INTEGER NOT NULL PRIMARY KEY, generation INTEGER NOT NULL UNIQUE, opened_at INTEGER NOT NULL,
  ranges TEXT NOT NULL, freed INTEGER NOT NULL DEFAULT 0, newest_end INTEGER NOT NULL DEFAULT 0,
  tasks INTEGER NOT NULL DEFAULT 0, ends INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE session (
  session INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL, worker_name TEXT NOT NULL, at INTEGER NOT NULL,
  generation INTEGER NOT NULL) STRICT;
CREATE TABLE lane (lane INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE queue (
  name TEXT NOT NULL PRIMARY KEY, paused INTEGER NOT NULL, pause_note TEXT NOT NULL, paused_at INTEGER NOT NULL,
  config TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE api_key (
  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role INTEGER NOT NULL, hash BLOB NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;`;
