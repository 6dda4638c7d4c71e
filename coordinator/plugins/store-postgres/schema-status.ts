import type pg from "pg";
import { SchemaError, StoreUnavailableError } from "../../ports/store-errors.ts";
import type { SchemaStatus } from "../../ports/store-plugin.ts";
import { connect } from "./connect.ts";
import { explain } from "./connection-problem.ts";
import { type Target, targetOf } from "./connection-url.ts";
import { LATEST, STEPS } from "./schema/migrations.ts";

/** Oldest server that has what the schema uses. */
const OLDEST_SERVER = 14;

/** Session settings for status and migrations. */
export const PLAIN_SESSION = { statementTimeoutMs: 60_000, lockTimeoutMs: 30_000, lookupsOnly: false };

/** The schema as it is; a database that cannot be reached is a status too. */
export async function readStatus(url: string): Promise<SchemaStatus> {
  const at = targetOf(url);
  let client: pg.Client | undefined;
  try {
    client = await connect(url, "tss status", PLAIN_SESSION);
    return await statusOver(client, at);
  } catch (error) {
    return { reachable: false, problem: explain(error, at), version: 0, latest: LATEST, pending: [] };
  } finally {
    await client?.end().catch(() => {});
  }
}

/** The schema as an open connection sees it. */
export async function statusOver(client: pg.ClientBase, at: Target): Promise<SchemaStatus> {
  const made = await client.query("SELECT to_regclass('tss_meta') IS NOT NULL AS made");
  const stored = made.rows[0]?.made ? await client.query("SELECT schema_version FROM tss_meta") : undefined;
  const version = Number(stored?.rows[0]?.schema_version ?? 0);
  const problem = (await serverProblem(client, at)) || schemaProblem(version, at);
  const pending = STEPS.slice(Math.min(version, LATEST)).map((step) => step.name);
  return { reachable: true, problem, version, latest: LATEST, pending };
}

export const whereOf = (at: Target) => `database "${at.database}" at ${at.host}:${at.port} (user "${at.user}")`;

/** What makes server or database unfit: version, encoding, or that it takes no writes; "" otherwise. */
export async function serverProblem(client: pg.ClientBase, at: Target): Promise<string> {
  const answer = await client.query(
    "SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS standby, current_setting('server_encoding') AS encoding",
  );
  const { version, standby, encoding } = answer.rows[0];
  if (version < OLDEST_SERVER)
    return `Postgres at ${at.host}:${at.port} is version ${version} and TSS needs ${OLDEST_SERVER} or newer: use a newer server for ${whereOf(at)}.`;
  if (standby)
    return `Postgres at ${at.host}:${at.port} is a standby and takes no writes: name the primary in TSS_DATABASE_URL instead of ${whereOf(at)}.`;
  if (encoding !== "UTF8")
    return `The encoding of ${whereOf(at)} is ${encoding} and TSS keeps text of all languages: create a database with ENCODING 'UTF8'.`;
  return "";
}

function schemaProblem(version: number, at: Target): string {
  if (version > LATEST)
    return `The schema of ${whereOf(at)} has version ${version} and this program knows ${LATEST}: use a newer TSS.`;
  if (version === 0) return `There are no tables of TSS in ${whereOf(at)}: run \`tss db init\`.`;
  if (version < LATEST)
    return `The schema of ${whereOf(at)} has version ${version} and this program needs ${LATEST}: run \`tss db migrate\`.`;
  return "";
}

/**
 * The same for an owner that is about to begin: one that stood by may have seen the database of another version.
 * @throws SchemaError
 */
export async function requireSameSchema(client: pg.ClientBase, at: Target): Promise<void> {
  const { rows } = await client.query("SELECT schema_version FROM tss_meta");
  const problem = schemaProblem(Number(rows[0].schema_version), at);
  if (problem !== "") throw new SchemaError(problem);
}

/** @throws StoreUnavailableError or SchemaError unless the schema can be used as it is. */
export async function requireSchema(url: string): Promise<void> {
  const status = await readStatus(url);
  if (!status.reachable) throw new StoreUnavailableError(status.problem, false);
  if (status.problem !== "") throw new SchemaError(status.problem);
}
