/** First key of the advisory locks of shards; the second is the shard. Writers hold it shared, a takeover exclusively. */
export const SHARD_LOCK = 7701;

/** Advisory lock that the session of a living owner holds. */
export const OWNER_LOCK = 7702;

/** Held while the next segment is found and opened: one at a time over all coordinators. */
export const SEGMENT_LOCK = 7705;

/** SQLSTATE of a write under an old epoch. */
export const FENCED = "TSS01";

/**
 * Holds the shards against a takeover until the transaction ends, then checks their epochs. Two statements, each with a
 * snapshot of its own: the epoch is read after the lock was granted, so a takeover that committed while we waited is
 * seen. Under a snapshot of the whole transaction (REPEATABLE READ) this would not hold.
 */
export const FENCE_FUNCTION = `
CREATE FUNCTION tss_fence(p_shards smallint[], p_epochs bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  current bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'writes of TSS need the isolation level read committed';
  END IF;
  PERFORM pg_advisory_xact_lock_shared(${SHARD_LOCK}, q.shard)
    FROM (SELECT u.shard::integer FROM unnest(p_shards) u(shard) ORDER BY u.shard) q;
  SELECT count(*) INTO current FROM unnest(p_shards, p_epochs) u(shard, epoch)
    JOIN tss_shard s ON s.shard = u.shard AND s.epoch = u.epoch;
  IF current IS DISTINCT FROM cardinality(p_shards) THEN
    RAISE EXCEPTION 'a shard has a newer epoch' USING ERRCODE = '${FENCED}';
  END IF;
END $$;
`;
