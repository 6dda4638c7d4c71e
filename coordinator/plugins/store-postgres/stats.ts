import type { ActivityQuery, RollupQuery, StatsStore } from "../../ports/stats-store.ts";
import type { ReadPool, Statement } from "./read-pool.ts";

const ADD_FAILURES = `INSERT INTO tss_failure_group AS g (fingerprint, queue, type, reason, error_type, title,
    sample_message, sample_ids, attempts, first_seen, last_seen, first_version, last_version, back_at)
  SELECT fingerprint, queue, type, reason, error_type, title, sample_message, ARRAY(SELECT jsonb_array_elements_text(ids)),
    attempts, first_seen, last_seen, first_version, last_version, back_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::bigint[])
    u(fingerprint, queue, type, reason, error_type, title, sample_message, ids, attempts, first_seen, last_seen,
      first_version, last_version, back_at)
  ORDER BY fingerprint
  ON CONFLICT (fingerprint) DO UPDATE SET
    attempts = g.attempts + excluded.attempts,
    first_version = CASE WHEN excluded.first_seen < g.first_seen THEN excluded.first_version ELSE g.first_version END,
    first_seen = least(g.first_seen, excluded.first_seen),
    last_version = CASE WHEN excluded.last_seen >= g.last_seen THEN excluded.last_version ELSE g.last_version END,
    sample_message = CASE WHEN excluded.last_seen >= g.last_seen THEN excluded.sample_message ELSE g.sample_message END,
    sample_ids = CASE WHEN excluded.last_seen >= g.last_seen THEN excluded.sample_ids ELSE g.sample_ids END,
    last_seen = greatest(g.last_seen, excluded.last_seen),
    back_at = greatest(g.back_at, excluded.back_at)`;

export function makeStats(pool: ReadPool): StatsStore {
  return {
    async saveRollups(rows) {
      if (rows.length === 0) return;
      await pool.rows({
        name: "save-rollups",
        text: `INSERT INTO tss_rollup (key, resolution, at, owner, body)
          SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[])
          ON CONFLICT (key, resolution, at, owner) DO UPDATE SET body = excluded.body`,
        values: [
          rows.map((row) => row.key),
          rows.map((row) => row.resolutionMs),
          rows.map((row) => row.at),
          rows.map((row) => row.owner),
          rows.map((row) => row.body),
        ],
      });
    },
    async rollups(query) {
      const rows = await pool.rows(selectRollups(query));
      const { resolutionMs } = query;
      return rows.map(({ key, at, owner, body }) => ({ key, resolutionMs, at, owner, body }));
    },
    pruneRollups: (resolutionMs, before, limit) =>
      removed(pool, {
        text: `WITH gone AS (DELETE FROM tss_rollup WHERE ctid = ANY (ARRAY
            (SELECT ctid FROM tss_rollup WHERE resolution = $1 AND at < $2 LIMIT $3)) RETURNING 1)
          SELECT count(*)::int AS removed FROM gone`,
        values: [resolutionMs, before, limit],
      }),
    async addFailures(groups) {
      if (groups.length === 0) return;
      await pool.rows({
        name: "add-failures",
        text: ADD_FAILURES,
        values: [
          groups.map((group) => group.fingerprint),
          groups.map((group) => group.queue),
          groups.map((group) => group.type),
          groups.map((group) => group.reason),
          groups.map((group) => group.errorType),
          groups.map((group) => group.title),
          groups.map((group) => group.sampleMessage),
          groups.map((group) => JSON.stringify(group.sampleIds)),
          groups.map((group) => group.attempts),
          groups.map((group) => group.firstSeen),
          groups.map((group) => group.lastSeen),
          groups.map((group) => group.firstVersion),
          groups.map((group) => group.lastVersion),
          groups.map((group) => group.backAt),
        ],
      });
    },
    async failureGroups(seenSince, limit) {
      const rows = await pool.rows({
        text: "SELECT * FROM tss_failure_group WHERE last_seen >= $1 ORDER BY last_seen DESC, fingerprint LIMIT $2",
        values: [seenSince, limit],
      });
      return rows.map((row) => ({
        fingerprint: row.fingerprint,
        queue: row.queue,
        type: row.type,
        reason: row.reason,
        errorType: row.error_type,
        title: row.title,
        sampleMessage: row.sample_message,
        sampleIds: row.sample_ids,
        attempts: row.attempts,
        firstSeen: row.first_seen,
        lastSeen: row.last_seen,
        firstVersion: row.first_version,
        lastVersion: row.last_version,
        backAt: row.back_at,
      }));
    },
    pruneFailures: (seenBefore, limit) =>
      removed(pool, {
        text: `WITH gone AS (DELETE FROM tss_failure_group WHERE ctid = ANY (ARRAY
            (SELECT ctid FROM tss_failure_group WHERE last_seen < $1 LIMIT $2)) RETURNING 1)
          SELECT count(*)::int AS removed FROM gone`,
        values: [seenBefore, limit],
      }),
    async addActivity(entries) {
      if (entries.length === 0) return [];
      const rows = await pool.rows({
        name: "add-activity",
        text: `INSERT INTO tss_activity (at, kind, action, subject, summary, key_id, key_name, detail)
          SELECT at, kind, action, subject, summary, key_id, key_name, detail
          FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
            WITH ORDINALITY u(at, kind, action, subject, summary, key_id, key_name, detail, place) ORDER BY place
          RETURNING id`,
        values: [
          entries.map((entry) => entry.at),
          entries.map((entry) => entry.kind),
          entries.map((entry) => entry.action),
          entries.map((entry) => entry.subject),
          entries.map((entry) => entry.summary),
          entries.map((entry) => entry.keyId),
          entries.map((entry) => entry.keyName),
          entries.map((entry) => entry.detail),
        ],
      });
      return rows.map((row) => row.id);
    },
    async activity(query) {
      const rows = await pool.rows(selectActivity(query));
      return rows.map((row) => ({
        id: row.id,
        at: row.at,
        kind: row.kind,
        action: row.action,
        subject: row.subject,
        summary: row.summary,
        keyId: row.key_id,
        keyName: row.key_name,
        detail: row.detail,
      }));
    },
    pruneActivity: (before, keep, limit) =>
      removed(pool, {
        text: `WITH gone AS (DELETE FROM tss_activity WHERE id = ANY (ARRAY(SELECT id FROM tss_activity
            WHERE at < $1 OR id <= (SELECT max(id) FROM tss_activity) - $2 ORDER BY id LIMIT $3)) RETURNING 1)
          SELECT count(*)::int AS removed FROM gone`,
        values: [before, keep, limit],
      }),
  };
}

async function removed(pool: ReadPool, statement: Statement): Promise<number> {
  return (await pool.rows(statement))[0].removed;
}

function selectRollups({ keys, resolutionMs, from, to, limit }: RollupQuery): Statement {
  const where = "in" in keys ? "key = ANY ($1::text[])" : "starts_with(key, $1)";
  return {
    name: "in" in keys ? "rollups" : "rollups-under",
    text: `SELECT key, at, owner, body FROM tss_rollup WHERE ${where} AND resolution = $2 AND at >= $3 AND at < $4
      ORDER BY at, key, owner LIMIT $5`,
    values: ["in" in keys ? keys.in : keys.prefix, resolutionMs, from, to, limit],
  };
}

function selectActivity({ before, limit, kinds, keyId, subject, from, to }: ActivityQuery): Statement {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (text: string, value: unknown) => {
    values.push(value);
    conditions.push(text.replace("?", `$${values.length}`));
  };
  if (before > 0) add("id < ?", before);
  if (kinds.length > 0) add("kind = ANY (?::smallint[])", kinds);
  if (keyId !== "") add("key_id = ?", keyId);
  if (subject !== "") add("subject = ?", subject);
  if (from !== null) add("at >= ?", from);
  if (to !== null) add("at < ?", to);
  values.push(limit);
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return { text: `SELECT * FROM tss_activity ${where} ORDER BY id DESC LIMIT $${values.length}`, values };
}
