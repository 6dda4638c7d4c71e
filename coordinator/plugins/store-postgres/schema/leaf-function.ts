/**
 * Makes the tables of a segment. ATTACH takes a lock on the parent that flushes and reads do not mind. A leaf of the ring
 * is emptied by TRUNCATE alone, so vacuum has nothing to do in it and would only read it; segment 0 has deletions.
 */
export const LEAF_FUNCTION = `
CREATE FUNCTION tss_make_leaf(p_seg integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  options text := CASE WHEN p_seg = 0 THEN '' ELSE ' WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)' END;
  keys jsonb := '{"task": "shard, lane, seq", "event": "shard, lane, seq, ord", "end": "shard, lane, seq",
    "flush": "shard, epoch, flush_no"}';
BEGIN
  FOREACH parent IN ARRAY ARRAY['task', 'event', 'end', 'flush'] LOOP
    EXECUTE format('CREATE TABLE tss_%1$s_%2$s (LIKE tss_%1$s INCLUDING ALL, PRIMARY KEY (%3$s))%4$s',
      parent, p_seg, keys ->> parent, options);
  END LOOP;
  EXECUTE format('CREATE INDEX tss_task_%1$s_created ON tss_task_%1$s (created_at)', p_seg);
  EXECUTE format('CREATE INDEX tss_task_%1$s_expiry ON tss_task_%1$s (expires_at) WHERE expires_at > 0', p_seg);
  EXECUTE format('CREATE INDEX tss_end_%1$s_unhappy ON tss_end_%1$s (created_at) WHERE status > 3', p_seg);
  IF p_seg = 0 THEN
    CREATE INDEX tss_task_0_due ON tss_task_0 (run_at, shard, lane, seq) WHERE run_at > 0;
    CREATE INDEX tss_end_0_at ON tss_end_0 (at);
  ELSE
    EXECUTE format('CREATE INDEX tss_task_%1$s_delayed ON tss_task_%1$s (shard, seq) WHERE run_at > 0', p_seg);
  END IF;
  FOREACH parent IN ARRAY ARRAY['task', 'event', 'end', 'flush'] LOOP
    EXECUTE format('ALTER TABLE tss_%1$s ATTACH PARTITION tss_%1$s_%2$s FOR VALUES IN (%2$s)', parent, p_seg);
  END LOOP;
END $$;
`;
