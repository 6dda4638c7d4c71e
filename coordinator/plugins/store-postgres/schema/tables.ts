/** Shards of a new installation; fixed for its life. */
export const SHARDS = 64;

/** Leaves of the gates: a gate is in the leaf of the UTC day it expires on, modulo this. Beyond the longest TTL in days. */
export const GATE_SLOTS = 16;

/**
 * Tables of the first version. Columns are ordered by width, fixed ones first, and the flush sends rows as arrays of
 * these row types: the order here is the order in `encode-rows.ts`.
 */
export const TABLES = `
CREATE TABLE tss_meta (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  schema_version integer NOT NULL,
  shards integer NOT NULL,
  salt bytea NOT NULL,
  auth_version bigint NOT NULL DEFAULT 1
);

CREATE TABLE tss_shard (
  shard smallint PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,
  owner text NOT NULL DEFAULT ''
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE tss_checkpoint (
  shard smallint PRIMARY KEY,
  epoch bigint NOT NULL,
  flush_no bigint NOT NULL,
  at bigint NOT NULL,
  body bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE tss_segment (
  seg integer PRIMARY KEY CHECK (seg > 0),
  generation bigint NOT NULL UNIQUE,
  opened_at bigint NOT NULL,
  closing boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN tss_segment.closing IS 'Takes no more tasks: set, under the locks of all shards, before it is emptied.';

CREATE TABLE tss_range (
  seg integer NOT NULL REFERENCES tss_segment ON DELETE CASCADE,
  shard smallint NOT NULL,
  from_seq bigint NOT NULL,
  until_seq bigint,
  PRIMARY KEY (seg, shard)
);

CREATE TABLE tss_task (
  created_at bigint NOT NULL,
  run_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  timeout_ms bigint NOT NULL,
  lane bigint NOT NULL,
  seq bigint NOT NULL,
  seg integer NOT NULL,
  max_attempts integer NOT NULL,
  shard smallint NOT NULL,
  name text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  labels text[] COLLATE "C" NOT NULL,
  submitted_by text COLLATE "C" NOT NULL,
  retry_of text COLLATE "C" NOT NULL,
  spec bytea NOT NULL
) PARTITION BY LIST (seg);

CREATE TABLE tss_event (
  ord bigint NOT NULL,
  at bigint NOT NULL,
  session bigint NOT NULL,
  next_at bigint NOT NULL,
  lane bigint NOT NULL,
  seq bigint NOT NULL,
  seg integer NOT NULL,
  attempt integer NOT NULL,
  shard smallint NOT NULL,
  kind smallint NOT NULL,
  detail bytea
) PARTITION BY LIST (seg);

CREATE TABLE tss_end (
  token bigint NOT NULL,
  at bigint NOT NULL,
  created_at bigint NOT NULL,
  lane bigint NOT NULL,
  seq bigint NOT NULL,
  seg integer NOT NULL,
  attempt integer NOT NULL,
  shard smallint NOT NULL,
  status smallint NOT NULL,
  reason smallint NOT NULL,
  detail bytea,
  result bytea
) PARTITION BY LIST (seg);

CREATE TABLE tss_flush (
  epoch bigint NOT NULL,
  flush_no bigint NOT NULL,
  at bigint NOT NULL,
  seg integer NOT NULL,
  shard smallint NOT NULL,
  body bytea NOT NULL,
  held integer[],
  lost integer[]
) PARTITION BY LIST (seg);
COMMENT ON COLUMN tss_flush.held IS 'Keys of the flush (by index) that were held: what resolve answers after a lost connection.';
COMMENT ON COLUMN tss_flush.lost IS 'Ends of the flush (by index) that came after another end of their task.';

CREATE TYPE tss_move AS (created_at bigint, run_at bigint, lane bigint, seq bigint, seg integer, shard smallint);

CREATE TABLE tss_gate (
  expires_at bigint NOT NULL,
  slot smallint NOT NULL,
  key text COLLATE "C" NOT NULL,
  hash bytea NOT NULL,
  answer bytea NOT NULL
) PARTITION BY LIST (slot);

CREATE TABLE tss_session (
  session bigint PRIMARY KEY,
  at bigint NOT NULL,
  id text NOT NULL,
  worker_name text NOT NULL
);

CREATE TABLE tss_session_use (
  session bigint NOT NULL,
  seg integer NOT NULL,
  PRIMARY KEY (seg, session)
);
COMMENT ON TABLE tss_session_use IS 'Segments of the ring that have events of a session: it is forgotten when none has.';

CREATE TABLE tss_lane (
  lane bigint GENERATED ALWAYS AS IDENTITY (MAXVALUE 4294967295) PRIMARY KEY,
  key_hash bytea NOT NULL UNIQUE,
  key text NOT NULL
);

CREATE TABLE tss_queue (
  name text COLLATE "C" PRIMARY KEY,
  paused boolean NOT NULL,
  pause_note text NOT NULL,
  paused_at bigint NOT NULL,
  config text NOT NULL
);

CREATE TABLE tss_api_key (
  id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  role smallint NOT NULL,
  hash bytea NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  revoked_at bigint NOT NULL,
  last_used_at bigint NOT NULL
) WITH (fillfactor = 50);

DO $$ BEGIN
  FOR slot IN 0 .. ${GATE_SLOTS - 1} LOOP
    EXECUTE format('CREATE TABLE tss_gate_%1$s PARTITION OF tss_gate (PRIMARY KEY (key, expires_at))
      FOR VALUES IN (%1$s) WITH (autovacuum_enabled = off)', slot);
  END LOOP;
  -- lz4 costs a fraction of the default compression; a server may be built without it.
  BEGIN
    ALTER TABLE tss_task ALTER COLUMN spec SET COMPRESSION lz4;
    ALTER TABLE tss_end ALTER COLUMN result SET COMPRESSION lz4, ALTER COLUMN detail SET COMPRESSION lz4;
  EXCEPTION WHEN feature_not_supported THEN NULL;
  END;
END $$;
`;
