/** SQLSTATE of a flush that met the gate of another coordinator's: it is sent again, and finds it. */
export const GATE_MET = "TSS02";

/** What a row of the answer of tss_write is about. */
export const ANSWER = { request: 1, key: 2, lostEnd: 3 } as const;

const TASK_COLUMNS = `created_at, run_at, expires_at, timeout_ms, lane, seq, seg, max_attempts, shard, name, type, labels,
  submitted_by, retry_of, spec`;
const END_COLUMNS = "token, at, created_at, lane, seq, seg, attempt, shard, status, reason, detail, result";
const GATE_COLUMNS = "expires_at, slot, key, hash, answer";

/** The gate that holds the key of each row r. Looked up row by row, however small the tables were when it was planned. */
const HOLDS = `CROSS JOIN LATERAL (SELECT x.hash, x.answer FROM tss_gate x
        WHERE x.key = r.key AND x.slot = ANY (p_slots) AND x.expires_at > p_at OFFSET 0) g`;

/**
 * The flush: one call, one transaction. Groups that are NULL cost nothing. Inserts go through the parents (routing is
 * free, plans are cached); what reads a segment addresses its leaf by name, so that no other leaf is locked.
 */
function writeFunction(addGates: (rows: string) => string): string {
  return `
CREATE OR REPLACE FUNCTION tss_write(
  p_at bigint, p_slots smallint[], p_flush tss_flush[], p_tasks tss_task[], p_events tss_event[], p_ends tss_end[],
  p_requests tss_gate[], p_keys tss_gate[], p_task_keys integer[], p_moves tss_move[], p_sessions tss_session[],
  p_uses tss_session_use[], p_task_segs integer[]
) RETURNS TABLE (kind integer, idx integer, hash bytea, answer bytea) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_count bigint;
  v_seg integer;
  v_some integer[];
  v_held integer[];
  v_lost integer[];
BEGIN
  PERFORM tss_fence(array_agg(f.shard), array_agg(f.epoch)) FROM unnest(p_flush) f;

  IF p_requests IS NOT NULL THEN
    RETURN QUERY SELECT ${ANSWER.request}, r.place::integer - 1, g.hash, g.answer
      FROM unnest(p_requests) WITH ORDINALITY r(${GATE_COLUMNS}, place)
      ${HOLDS};
    IF FOUND THEN RETURN; END IF;
    ${addGates("SELECT * FROM unnest(p_requests)")}
  END IF;

  IF p_keys IS NOT NULL THEN
    SELECT array_agg(r.place::integer - 1) INTO v_held
      FROM unnest(p_keys) WITH ORDINALITY r(${GATE_COLUMNS}, place)
      ${HOLDS};
    IF v_held IS NOT NULL THEN
      RETURN QUERY SELECT ${ANSWER.key}, r.place::integer - 1, g.hash, g.answer
        FROM unnest(p_keys) WITH ORDINALITY r(${GATE_COLUMNS}, place)
        ${HOLDS};
    END IF;
    ${addGates(`SELECT ${GATE_COLUMNS} FROM unnest(p_keys) WITH ORDINALITY r(${GATE_COLUMNS}, place)
      WHERE v_held IS NULL OR NOT r.place::integer - 1 = ANY (v_held)`)}
  END IF;

  IF p_tasks IS NOT NULL THEN
    SELECT count(*) INTO v_count FROM tss_segment WHERE seg = ANY (p_task_segs) AND NOT closing;
    IF v_count <> cardinality(p_task_segs) THEN
      RAISE EXCEPTION 'a task is meant for a segment that takes no more' USING ERRCODE = '23514';
    END IF;
    IF v_held IS NULL THEN
      INSERT INTO tss_task SELECT * FROM unnest(p_tasks);
    ELSE
      INSERT INTO tss_task SELECT ${TASK_COLUMNS} FROM unnest(p_tasks) WITH ORDINALITY r(${TASK_COLUMNS}, place)
        WHERE NOT p_task_keys[r.place::integer] = ANY (v_held);
    END IF;
  END IF;

  IF p_events IS NOT NULL THEN
    INSERT INTO tss_event SELECT * FROM unnest(p_events);
  END IF;

  IF p_moves IS NOT NULL THEN
    FOR v_seg IN SELECT DISTINCT m.seg FROM unnest(p_moves) m LOOP
      PERFORM tss_move_out(v_seg, p_at, p_moves);
    END LOOP;
  END IF;

  IF p_ends IS NOT NULL THEN
    v_count := cardinality(p_ends);
    BEGIN
      -- Ends that collide are rare, and not to look for them beforehand saves a third of what an end costs.
      INSERT INTO tss_end SELECT * FROM unnest(p_ends);
    EXCEPTION WHEN unique_violation THEN
      INSERT INTO tss_end SELECT * FROM unnest(p_ends) ON CONFLICT DO NOTHING;
      GET DIAGNOSTICS v_count = ROW_COUNT;
    END;
    IF v_count < cardinality(p_ends) THEN
      FOR v_seg IN SELECT DISTINCT e.seg FROM unnest(p_ends) e LOOP
        -- The winner of two ends of one task in this flush is the first; a row of another transaction is another's.
        EXECUTE format('SELECT array_agg(r.place::integer - 1) FROM (
            SELECT u.*, row_number() OVER (PARTITION BY shard, lane, seq ORDER BY place) AS turn
            FROM unnest($1) WITH ORDINALITY u(${END_COLUMNS}, place) WHERE u.seg = %1$s) r
          JOIN tss_end_%1$s e ON e.shard = r.shard AND e.lane = r.lane AND e.seq = r.seq
          WHERE r.turn > 1 OR e.xmin <> pg_current_xact_id()::xid', v_seg) INTO v_some USING p_ends;
        v_lost := v_lost || v_some;
      END LOOP;
      RETURN QUERY SELECT ${ANSWER.lostEnd}, l.idx, NULL::bytea, NULL::bytea FROM unnest(v_lost) l(idx);
    END IF;
  END IF;

  IF p_sessions IS NOT NULL THEN
    INSERT INTO tss_session SELECT * FROM unnest(p_sessions) ON CONFLICT DO NOTHING;
  END IF;
  IF p_uses IS NOT NULL THEN
    INSERT INTO tss_session_use SELECT * FROM unnest(p_uses) ON CONFLICT DO NOTHING;
  END IF;

  INSERT INTO tss_flush SELECT f.epoch, f.flush_no, f.at, f.seg, f.shard, f.body, v_held, v_lost FROM unnest(p_flush) f;
END $$;
`;
}

/** As of the first version: gates are only written by the one owner of all shards, who has looked before. */
export const WRITE_FUNCTION = writeFunction((rows) => `INSERT INTO tss_gate ${rows};`);

/**
 * With several owners: who meets the gate of a transaction under way waits for it here, and then must look again. An
 * expired gate of the same leaf makes room.
 */
export const SHARED_WRITE_FUNCTION = writeFunction(
  (rows) => `INSERT INTO tss_gate ${rows} ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count < (SELECT count(*) FROM (${rows}) q) THEN
      DELETE FROM tss_gate g USING (${rows}) q(${GATE_COLUMNS}) WHERE g.key = q.key AND g.slot = q.slot AND g.expires_at <= p_at;
      INSERT INTO tss_gate ${rows} ON CONFLICT DO NOTHING;
      IF EXISTS (SELECT FROM (${rows}) q(${GATE_COLUMNS}) JOIN tss_gate g ON g.key = q.key AND g.slot = q.slot
        AND g.xmin <> pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'another coordinator has just written a gate' USING ERRCODE = '${GATE_MET}';
      END IF;
    END IF;`,
);

export const MOVE_FUNCTION = `
-- Leaves an end with status 0 in the segment and copies task and events to segment 0; a task that has ended stays as it
-- is. A task that is in segment 0 already gets its run_at.
CREATE FUNCTION tss_move_out(p_seg integer, p_at bigint, p_moves tss_move[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  moved bigint;
BEGIN
  IF p_seg = 0 THEN
    EXECUTE 'UPDATE tss_task_0 t SET run_at = m.run_at FROM unnest($1) m
      WHERE m.seg = 0 AND t.shard = m.shard AND t.lane = m.lane AND t.seq = m.seq
        AND NOT EXISTS (SELECT FROM tss_end_0 e WHERE e.shard = m.shard AND e.lane = m.lane AND e.seq = m.seq)'
      USING p_moves;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
  END IF;
  PERFORM set_config('enable_hashjoin', 'on', true);
  EXECUTE format('WITH m AS MATERIALIZED (
      SELECT u.* FROM unnest($2) u JOIN tss_task_%1$s t ON t.shard = u.shard AND t.lane = u.lane AND t.seq = u.seq
      WHERE u.seg = %1$s),
    e AS (INSERT INTO tss_end (${END_COLUMNS})
      SELECT 0, $1, m.created_at, m.lane, m.seq, m.seg, 0, m.shard, 0, 0, NULL, NULL FROM m
      ON CONFLICT DO NOTHING RETURNING shard, lane, seq),
    t AS (INSERT INTO tss_task (${TASK_COLUMNS})
      SELECT t.created_at, m.run_at, t.expires_at, t.timeout_ms, t.lane, t.seq, 0, t.max_attempts, t.shard, t.name, t.type,
        t.labels, t.submitted_by, t.retry_of, t.spec
      FROM m JOIN e ON e.shard = m.shard AND e.lane = m.lane AND e.seq = m.seq
      JOIN tss_task_%1$s t ON t.shard = m.shard AND t.lane = m.lane AND t.seq = m.seq),
    v AS (INSERT INTO tss_event (ord, at, session, next_at, lane, seq, seg, attempt, shard, kind, detail)
      SELECT v.ord, v.at, v.session, v.next_at, v.lane, v.seq, 0, v.attempt, v.shard, v.kind, v.detail
      FROM e JOIN tss_event_%1$s v ON v.shard = e.shard AND v.lane = e.lane AND v.seq = e.seq)
    SELECT count(*) FROM e', p_seg) INTO moved USING p_at, p_moves;
  RETURN moved;
END $$;
`;
