/**
 * Output of attempts, a leaf per UTC day of arrival, so that old output goes by DROP and its space is back at once. `at` is
 * indexed to find what has grown old in the one leaf that holds both old and young.
 */
export const LOG_TABLES = `
CREATE TABLE tss_log (
  at bigint NOT NULL,
  lane bigint NOT NULL,
  seq bigint NOT NULL,
  start bigint NOT NULL,
  elided bigint NOT NULL,
  day integer NOT NULL,
  attempt integer NOT NULL,
  shard smallint NOT NULL,
  stream smallint NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (shard, lane, seq, attempt, start, day)
) PARTITION BY LIST (day);
ALTER TABLE tss_log ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE FUNCTION tss_make_log_leaf(p_day integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7704, 0);
  EXECUTE format('CREATE TABLE IF NOT EXISTS tss_log_%1$s (LIKE tss_log INCLUDING ALL) WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)', p_day);
  EXECUTE format('CREATE INDEX IF NOT EXISTS tss_log_%1$s_at ON tss_log_%1$s (at)', p_day);
  IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = format('tss_log_%s', p_day)::regclass) THEN
    EXECUTE format('ALTER TABLE tss_log ATTACH PARTITION tss_log_%1$s FOR VALUES IN (%1$s)', p_day);
  END IF;
END $$;
`;
