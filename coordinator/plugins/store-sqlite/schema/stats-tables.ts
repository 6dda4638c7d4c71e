export const STATS_TABLES = `
CREATE TABLE rollup (
  key TEXT NOT NULL, resolution INTEGER NOT NULL, at INTEGER NOT NULL, owner INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (key, resolution, at, owner)) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_age ON rollup (resolution, at);
CREATE TABLE failure_group (
  fingerprint TEXT NOT NULL PRIMARY KEY, queue TEXT NOT NULL, type TEXT NOT NULL, reason INTEGER NOT NULL,
  error_type TEXT NOT NULL, title TEXT NOT NULL, sample_message TEXT NOT NULL, sample_ids TEXT NOT NULL,
  attempts INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  first_version TEXT NOT NULL, last_version TEXT NOT NULL, back_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX failure_group_seen ON failure_group (last_seen);
CREATE TABLE activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind INTEGER NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, key_id TEXT NOT NULL, key_name TEXT NOT NULL, summary TEXT NOT NULL,
  detail TEXT NOT NULL) STRICT;
CREATE INDEX activity_kind ON activity (kind, id);
CREATE INDEX activity_key ON activity (key_id, id);
CREATE INDEX activity_subject ON activity (subject, id)`;
