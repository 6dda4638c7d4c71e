import pg from "pg";

let made = 0;

/** URL of a new database with nothing in it; dropped as those of `freshDatabase` are. */
export async function emptyDatabase(): Promise<string> {
  return newDatabase(async () => "template0");
}

/**
 * Makes a database from the template that `template` names. test/run.ts drops it with all others when the tests are over:
 * each DROP DATABASE waits for a checkpoint, which in between would be paid by the test that comes next.
 */
export async function newDatabase(template: (admin: pg.Client) => Promise<string>): Promise<string> {
  const admin = await connect(serverUrl());
  const prefix = `tss_x_${process.ppid}_${process.env["JEST_WORKER_ID"] ?? 0}_`;
  try {
    const name = `${prefix}${Date.now().toString(36)}_${++made}`;
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${await template(admin)}`);
    return withDatabase(serverUrl(), name);
  } finally {
    await admin.end();
  }
}

/** Drops the databases that test files under these processes made. */
export async function dropDatabases(url: string, parents: readonly number[]): Promise<void> {
  const admin = await connect(url);
  try {
    for (const pid of parents) await dropLike(admin, `tss_x_${pid}_`);
  } finally {
    await admin.end();
  }
}

/** The same server with another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** @throws Error when the tests run without Postgres. */
export function serverUrl(): string {
  const url = process.env["TSS_TEST_DATABASE_URL"];
  if (!url) throw new Error("This test needs Postgres: run it with `node test/run.ts path/of/the.test.ts`.");
  return url;
}

async function dropLike(admin: pg.Client, prefix: string): Promise<void> {
  const found = await admin.query("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", [prefix]);
  for (const row of found.rows) await admin.query(`DROP DATABASE IF EXISTS ${row.datname} WITH (FORCE)`);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
