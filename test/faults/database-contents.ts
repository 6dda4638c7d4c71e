import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";

/** Rows and SHA-256 of each table by name. */
export type Contents = Readonly<Record<string, readonly [rows: number, hash: string]>>;

/** What a living owner writes without being asked: checkpoints, its numbers and what happened (with the counter of its rows), and when a key was used. */
const LIVELY = /(^|_)(checkpoint|api_key|rollup|activity|sqlite_sequence)$/;

/** What the database holds, but for what its owner keeps writing while it idles. */
export async function contents(databaseUrl: string): Promise<Contents> {
  return databaseUrl.startsWith("sqlite:") ? ofSqlite(databaseUrl.slice("sqlite:".length)) : ofPostgres(databaseUrl);
}

async function ofPostgres(databaseUrl: string): Promise<Contents> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'tss\\_%'");
    const found: Record<string, readonly [number, string]> = {};
    for (const { relname } of tables.rows) {
      if (LIVELY.test(relname)) continue;
      const { rows } = await client.query(`SELECT t::text AS row FROM ${relname} t ORDER BY 1`);
      found[relname] = [rows.length, hashOf(rows.map(({ row }) => row))];
    }
    return found;
  } finally {
    await client.end();
  }
}

function ofSqlite(path: string): Contents {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    const found: Record<string, readonly [number, string]> = {};
    for (const { name } of tables) {
      if (LIVELY.test(name)) continue;
      const rows = db
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((row) => JSON.stringify(row));
      found[name] = [rows.length, hashOf(rows.sort())];
    }
    return found;
  } finally {
    db.close();
  }
}

function hashOf(rows: readonly string[]): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(row).update("\n");
  return hash.digest("hex");
}
