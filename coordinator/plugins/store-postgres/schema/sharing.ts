import { GATE_SLOTS } from "./tables.ts";

/** Tables and columns of a database that several coordinators divide among themselves. */
export const SHARING = `
CREATE TABLE tss_member (
  member integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  beat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  name text NOT NULL,
  address text NOT NULL,
  version text NOT NULL,
  leaving boolean NOT NULL DEFAULT false
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE tss_member IS 'Coordinators. One whose session does not hold the advisory lock of its number is dead.';

ALTER TABLE tss_shard ADD COLUMN member integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN tss_shard.member IS 'Owner, 0 when nobody or when one coordinator owns all shards for itself.';

ALTER TABLE tss_segment ADD COLUMN member integer NOT NULL DEFAULT 0, ADD COLUMN sealed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN tss_segment.member IS 'Who opened it, 0 when one coordinator owns all shards for itself.';
COMMENT ON COLUMN tss_segment.sealed IS 'Its member has opened another one.';
ALTER TABLE tss_range DROP CONSTRAINT tss_range_pkey, ADD PRIMARY KEY (seg, shard, from_seq);
DO $$ BEGIN
  FOR slot IN 0 .. ${GATE_SLOTS - 1} LOOP
    -- A key stood in a leaf again only when its first gate had expired.
    EXECUTE format('DELETE FROM tss_gate_%1$s g USING tss_gate_%1$s n WHERE n.key = g.key AND n.expires_at > g.expires_at', slot);
    EXECUTE format('ALTER TABLE tss_gate_%1$s DROP CONSTRAINT tss_gate_%1$s_pkey, ADD PRIMARY KEY (key)', slot);
  END LOOP;
END $$;

UPDATE tss_segment SET sealed = generation < (SELECT max(generation) FROM tss_segment);
`;
