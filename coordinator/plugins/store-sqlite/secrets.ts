import type { SecretFacts, SecretStore } from "../../ports/secret-store.ts";
import type { Handles } from "./handles.ts";
import type { Row } from "./row-codec.ts";

const FACTS = "name, version, queues, master_key_id, set_at, set_by";
const INSERT = `INSERT INTO secret (${FACTS}, wrapped, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const REPLACE = `UPDATE secret SET version = ?, queues = ?, master_key_id = ?, set_at = ?, set_by = ?, wrapped = ?, sealed = ?
  WHERE name = ? AND version = ?`;
const REWRAP = "UPDATE secret SET master_key_id = ?, wrapped = ? WHERE name = ? AND version = ? AND master_key_id = ?";

export function secretStore({ writer, reader }: Pick<Handles, "writer" | "reader">): SecretStore {
  const changes = (sql: string, ...values: (string | number | Uint8Array)[]): boolean =>
    writer.write(() => writer.prepare(sql).run(...values).changes === 1);
  return {
    secrets: async () =>
      reader.read(() => reader.prepare(`SELECT ${FACTS} FROM secret ORDER BY name`).all().map(factsOf)),
    secretsNamed: async (names) =>
      reader.read(() => {
        const select = reader.prepare("SELECT * FROM secret WHERE name = ?");
        return names.flatMap((name) => {
          const row = select.get(name);
          if (row === undefined) return [];
          return { ...factsOf(row), wrapped: row["wrapped"] as Uint8Array, sealed: row["sealed"] as Uint8Array };
        });
      }),
    async saveSecret({ name, version, queues, masterKeyId, setAt, setBy, wrapped, sealed }) {
      const list = JSON.stringify(queues);
      return version === 1
        ? changes(INSERT, name, version, list, masterKeyId, setAt, setBy, wrapped, sealed)
        : changes(REPLACE, version, list, masterKeyId, setAt, setBy, wrapped, sealed, name, version - 1);
    },
    rewrapSecret: async ({ name, version, masterKeyId, wrapped }, from) =>
      changes(REWRAP, masterKeyId, wrapped, name, version, from),
    deleteSecret: async (name) => changes("DELETE FROM secret WHERE name = ?", name),
  };
}

function factsOf(row: Row): SecretFacts {
  return {
    name: row["name"] as string,
    version: row["version"] as number,
    queues: JSON.parse(row["queues"] as string) as string[],
    masterKeyId: row["master_key_id"] as string,
    setAt: row["set_at"] as number,
    setBy: row["set_by"] as string,
  };
}
