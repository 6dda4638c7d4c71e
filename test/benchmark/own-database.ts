import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { findFolder } from "../support/binaries.ts";
import { startPostgres } from "../support/postgres-server.ts";

/** A database that nobody else uses. */
export interface OwnDatabase {
  readonly url: string;
  /** How large it is now. */
  bytes(): Promise<number>;
  /** Ends its server, if it has one, and deletes it. */
  close(): Promise<void>;
}

/** @param kind `sqlite`, or `postgres`: a server of its own, with fsync. @throws Error when that is not installed. */
export function ownDatabase(kind: string): Promise<OwnDatabase> {
  if (kind === "sqlite") return ownFile();
  if (kind === "postgres") return ownServer();
  throw new Error(`--store must be sqlite or postgres, not ${kind}`);
}

/** One that stays. */
export function namedDatabase(url: string): OwnDatabase {
  return { url, bytes: url.startsWith("postgres") ? () => sizeOf(url) : async () => 0, close: async () => {} };
}

async function ownFile(): Promise<OwnDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "tss-bench-"));
  const file = join(folder, "tss.db");
  const size = (end: string) => statSync(file + end, { throwIfNoEntry: false })?.size ?? 0;
  return {
    url: `sqlite:${file}`,
    bytes: async () => size("") + size("-wal"),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function ownServer(): Promise<OwnDatabase> {
  const binaries = findFolder(["postgres", "initdb"]);
  if (binaries === undefined) throw new Error("The benchmark needs Postgres: install it (apt-get install postgresql).");
  const server = await startPostgres(binaries);
  return { url: server.url, bytes: () => sizeOf(server.url), close: () => server.process.stop().then(() => {}) };
}

async function sizeOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT pg_database_size(current_database())::float8 AS bytes");
    return (rows[0] as { bytes: number }).bytes;
  } finally {
    await client.end();
  }
}
