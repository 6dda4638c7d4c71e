import type { SecretFacts, SecretRow, SecretStore } from "../../ports/secret-store.ts";
import type { ReadPool, Rows } from "./read-pool.ts";

const FACTS = "name, version, queues, master_key_id, set_at, set_by";

/** Version 1 where there is none, the next where the one before is there still; else nothing. */
const SAVE = `INSERT INTO tss_secret (${FACTS}, wrapped, sealed)
  SELECT $1, $2::integer, $3::text[], $4, $5::bigint, $6, $7::bytea, $8::bytea
  WHERE $2::integer = 1 OR EXISTS (SELECT FROM tss_secret WHERE name = $1)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, queues = excluded.queues, set_at = excluded.set_at,
    set_by = excluded.set_by, master_key_id = excluded.master_key_id, wrapped = excluded.wrapped, sealed = excluded.sealed
    WHERE tss_secret.version = excluded.version - 1
  RETURNING name`;

const REWRAP = `UPDATE tss_secret SET master_key_id = $4, wrapped = $5
  WHERE name = $1 AND version = $2 AND master_key_id = $3 RETURNING name`;

export function secretStore(pool: ReadPool): SecretStore {
  const changes = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await pool.rows({ text, values })).length > 0;
  return {
    async secrets() {
      return (await pool.rows({ text: `SELECT ${FACTS} FROM tss_secret ORDER BY name COLLATE "C"` })).map(factsOf);
    },
    async secretsNamed(names) {
      const text = `SELECT ${FACTS}, wrapped, sealed FROM tss_secret WHERE name = ANY ($1::text[])`;
      const rows = await pool.rows({ text, values: [names] });
      return rows.map((row) => ({ ...factsOf(row), wrapped: row.wrapped, sealed: row.sealed }));
    },
    saveSecret: (secret) => changes(SAVE, valuesOf(secret)),
    rewrapSecret: ({ name, version, masterKeyId, wrapped }, from) =>
      changes(REWRAP, [name, version, from, masterKeyId, Buffer.from(wrapped)]),
    deleteSecret: (name) => changes("DELETE FROM tss_secret WHERE name = $1 RETURNING name", [name]),
  };
}

function factsOf(row: Rows[number]): SecretFacts {
  const { name, version, queues, master_key_id: masterKeyId, set_at: setAt, set_by: setBy } = row;
  return { name, version, queues, masterKeyId, setAt, setBy };
}

function valuesOf({ name, version, queues, masterKeyId, setAt, setBy, wrapped, sealed }: SecretRow): unknown[] {
  return [name, version, queues, masterKeyId, setAt, setBy, Buffer.from(wrapped), Buffer.from(sealed)];
}
