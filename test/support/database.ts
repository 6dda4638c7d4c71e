import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { newDatabase, serverUrl, withDatabase } from "./test-databases.ts";

const PLUGIN = join(import.meta.dirname, "../../coordinator/plugins/store-postgres");
/** Advisory lock under which a template is made. */
const TEMPLATE_LOCK = 770_100;

/** URL of a new database with the newest schema: a clone of a template that the first to ask migrates. */
export function freshDatabase(): Promise<string> {
  return newDatabase((admin) => ensureTemplate(admin));
}

/** A database that is no copy of any other: a system that may share a Redis with others. */
export async function freshSystem(): Promise<string> {
  const url = await freshDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("UPDATE tss_meta SET salt = $1", [randomBytes(16)]);
  await client.end();
  return url;
}

/** Makes the template beforehand, so that no test waits for it. */
export async function prepareTemplate(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await ensureTemplate(admin, url);
  } finally {
    await admin.end();
  }
}

async function ensureTemplate(admin: pg.Client, url = serverUrl()): Promise<string> {
  const template = `tss_t_${schemaHash()}`;
  await admin.query("SELECT pg_advisory_lock($1)", [TEMPLATE_LOCK]);
  try {
    const found = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [template]);
    if (found.rowCount) return template;
    const draft = `${template}_draft`;
    await admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
    const status = await postgresStore.migrate(withDatabase(url, draft));
    if (status.problem !== "") throw new Error(status.problem);
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
    return template;
  } finally {
    await admin.query("SELECT pg_advisory_unlock($1)", [TEMPLATE_LOCK]);
  }
}

/** Changes with every source file of the plugin, so that no stale template is ever cloned. */
function schemaHash(): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(PLUGIN, { recursive: true, encoding: "utf8" }).sort())
    if (file.endsWith(".ts")) hash.update(readFileSync(join(PLUGIN, file)));
  return hash.digest("hex").slice(0, 12);
}
