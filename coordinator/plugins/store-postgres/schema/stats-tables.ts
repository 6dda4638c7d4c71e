/** Rollups, failure groups and the activity list. */
export const STATS_TABLES = `
CREATE TABLE tss_rollup (
  at bigint NOT NULL,
  owner bigint NOT NULL,
  resolution integer NOT NULL,
  key text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (key, resolution, at, owner)
);
CREATE INDEX tss_rollup_age ON tss_rollup (resolution, at);

CREATE TABLE tss_failure_group (
  attempts bigint NOT NULL,
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL,
  back_at bigint NOT NULL,
  reason smallint NOT NULL,
  fingerprint text COLLATE "C" PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  error_type text NOT NULL,
  title text NOT NULL,
  sample_message text NOT NULL,
  sample_ids text[] NOT NULL,
  first_version text NOT NULL,
  last_version text NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX tss_failure_group_seen ON tss_failure_group (last_seen);

CREATE TABLE tss_activity (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  kind smallint NOT NULL,
  action text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  key_name text NOT NULL,
  summary text NOT NULL,
  detail text NOT NULL
);
CREATE INDEX tss_activity_kind ON tss_activity (kind, id);
CREATE INDEX tss_activity_key ON tss_activity (key_id, id);
CREATE INDEX tss_activity_subject ON tss_activity (subject, id);
`;
