import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import pg from "pg";

/** Everything that is kept somewhere, as text, to be looked through for what must not be there. */

/** Every file below, byte by byte. */
export function inFiles(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readIfThere(join(entry.parentPath, entry.name)))
    .join("\n");
}

/** Every row of every table, its bytes as text too. */
export async function inDatabase(url: string): Promise<string> {
  if (url.startsWith("sqlite:")) return inSqlite(url.slice("sqlite:".length));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query("SELECT format('%I', relname) AS name FROM pg_class WHERE relkind = 'r'");
    const found: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query(`SELECT * FROM ${name}`).catch(() => ({ rows: [] }));
      found.push(...rows.map(rowText));
    }
    return found.join("\n");
  } finally {
    await client.end();
  }
}

function inSqlite(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all().map(rowText)).join("\n");
  } finally {
    database.close();
  }
}

function rowText(row: object): string {
  return Object.values(row)
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : JSON.stringify(value)))
    .join(" ");
}

/** Every key, as the server would write it to its disk. */
export async function inRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const parts: string[] = [];
    for (const key of await redis.keys("*")) parts.push(key, ((await redis.dumpBuffer(key)) ?? "").toString("latin1"));
    return parts.join("\n");
  } finally {
    redis.disconnect();
  }
}

/** The processes in whose `file` under /proc the text stands, with what that file says. */
export function processesWith(file: "cmdline" | "environ", text: string): ReadonlyMap<number, string> {
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name): [number, string] => [Number(name), readIfThere(`/proc/${name}/${file}`)]);
  return new Map(found.filter(([, content]) => content.includes(text)));
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
