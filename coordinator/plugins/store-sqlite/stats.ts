import type { SQLInputValue } from "node:sqlite";
import type { ActivityQuery, FailureGroupRow, RollupQuery, StatsStore } from "../../ports/stats-store.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import type { Row } from "./row-codec.ts";

const ADD_FAILURE = `INSERT INTO failure_group VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (fingerprint) DO UPDATE SET
    attempts = attempts + excluded.attempts,
    first_version = iif(excluded.first_seen < first_seen, excluded.first_version, first_version),
    first_seen = min(first_seen, excluded.first_seen),
    last_version = iif(excluded.last_seen >= last_seen, excluded.last_version, last_version),
    sample_message = iif(excluded.last_seen >= last_seen, excluded.sample_message, sample_message),
    sample_ids = iif(excluded.last_seen >= last_seen, excluded.sample_ids, sample_ids),
    last_seen = max(last_seen, excluded.last_seen),
    back_at = max(back_at, excluded.back_at)`;

export function makeStats({ writer, reader }: Handles): StatsStore {
  const all = (sql: string, values: readonly SQLInputValue[]): readonly Row[] =>
    reader.read(() => reader.prepare(sql).all(...values));
  return {
    async saveRollups(rows) {
      if (rows.length === 0) return;
      writer.write(() => {
        const save = writer.prepare("INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?)");
        for (const { key, resolutionMs, at, owner, body } of rows) save.run(key, resolutionMs, at, owner, body);
      });
    },
    async rollups(query) {
      const [sql, values] = selectRollups(query);
      return all(sql, values).map((row) => ({
        key: row["key"] as string,
        resolutionMs: query.resolutionMs,
        at: row["at"] as number,
        owner: row["owner"] as number,
        body: row["body"] as string,
      }));
    },
    pruneRollups: async (resolutionMs, before, limit) =>
      remove(
        writer,
        `DELETE FROM rollup WHERE (key, resolution, at, owner) IN
          (SELECT key, resolution, at, owner FROM rollup WHERE resolution = ? AND at < ? LIMIT ?)`,
        [resolutionMs, before, limit],
      ),
    async addFailures(groups) {
      if (groups.length === 0) return;
      writer.write(() => {
        const add = writer.prepare(ADD_FAILURE);
        for (const group of groups) add.run(...failureValues(group));
      });
    },
    failureGroups: async (seenSince, limit) =>
      all("SELECT * FROM failure_group WHERE last_seen >= ? ORDER BY last_seen DESC, fingerprint LIMIT ?", [
        seenSince,
        limit,
      ]).map(failureOf),
    pruneFailures: async (seenBefore, limit) =>
      remove(
        writer,
        "DELETE FROM failure_group WHERE fingerprint IN (SELECT fingerprint FROM failure_group WHERE last_seen < ? LIMIT ?)",
        [seenBefore, limit],
      ),
    async addActivity(entries) {
      if (entries.length === 0) return [];
      return writer.write(() => {
        const add = writer.prepare(`INSERT INTO activity (at, kind, action, subject, summary, key_id, key_name, detail)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
        return entries.map(({ at, kind, action, subject, summary, keyId, keyName, detail }) =>
          Number(add.run(at, kind, action, subject, summary, keyId, keyName, detail).lastInsertRowid),
        );
      });
    },
    async activity(query) {
      const [sql, values] = selectActivity(query);
      return all(sql, values).map((row) => ({
        id: row["id"] as number,
        at: row["at"] as number,
        kind: row["kind"] as number,
        action: row["action"] as string,
        subject: row["subject"] as string,
        summary: row["summary"] as string,
        keyId: row["key_id"] as string,
        keyName: row["key_name"] as string,
        detail: row["detail"] as string,
      }));
    },
    pruneActivity: async (before, keep, limit) =>
      remove(
        writer,
        `DELETE FROM activity WHERE id IN (SELECT id FROM activity
          WHERE at < ? OR id <= (SELECT max(id) FROM activity) - ? ORDER BY id LIMIT ?)`,
        [before, keep, limit],
      ),
  };
}

function remove(writer: Connection, sql: string, values: readonly SQLInputValue[]): number {
  return writer.write(() => Number(writer.prepare(sql).run(...values).changes));
}

function failureValues(group: FailureGroupRow): SQLInputValue[] {
  const { fingerprint, queue, type, reason, errorType, title, sampleMessage, sampleIds, attempts } = group;
  const { firstSeen, lastSeen, firstVersion, lastVersion, backAt } = group;
  return [
    ...[fingerprint, queue, type, reason, errorType, title, sampleMessage, JSON.stringify(sampleIds), attempts],
    ...[firstSeen, lastSeen, firstVersion, lastVersion, backAt],
  ];
}

function failureOf(row: Row): FailureGroupRow {
  return {
    fingerprint: row["fingerprint"] as string,
    queue: row["queue"] as string,
    type: row["type"] as string,
    reason: row["reason"] as number,
    errorType: row["error_type"] as string,
    title: row["title"] as string,
    sampleMessage: row["sample_message"] as string,
    sampleIds: JSON.parse(row["sample_ids"] as string) as string[],
    attempts: row["attempts"] as number,
    firstSeen: row["first_seen"] as number,
    lastSeen: row["last_seen"] as number,
    firstVersion: row["first_version"] as string,
    lastVersion: row["last_version"] as string,
    backAt: row["back_at"] as number,
  };
}

function selectRollups({ keys, resolutionMs, from, to, limit }: RollupQuery): [string, SQLInputValue[]] {
  const where = "in" in keys ? "key IN (SELECT value FROM json_each(?))" : "substr(key, 1, length(?1)) = ?1";
  const sql = `SELECT key, at, owner, body FROM rollup
    WHERE ${where} AND resolution = ?2 AND at >= ?3 AND at < ?4 ORDER BY at, key, owner LIMIT ?5`.replace(
    "(?)",
    "(?1)",
  );
  return [sql, ["in" in keys ? JSON.stringify(keys.in) : keys.prefix, resolutionMs, from, to, limit]];
}

function selectActivity(query: ActivityQuery): [string, SQLInputValue[]] {
  const { before, limit, kinds, keyId, subject, from, to } = query;
  const values: SQLInputValue[] = [];
  const conditions: string[] = [];
  const add = (condition: string, value: SQLInputValue) => {
    conditions.push(condition);
    values.push(value);
  };
  if (before > 0) add("id < ?", before);
  if (kinds.length > 0) add("kind IN (SELECT value FROM json_each(?))", JSON.stringify(kinds));
  if (keyId !== "") add("key_id = ?", keyId);
  if (subject !== "") add("subject = ?", subject);
  if (from !== null) add("at >= ?", from);
  if (to !== null) add("at < ?", to);
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return [`SELECT * FROM activity ${where} ORDER BY id DESC LIMIT ?`, [...values, limit]];
}
