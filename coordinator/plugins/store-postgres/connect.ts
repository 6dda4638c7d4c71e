import pg from "pg";
import { driverUrl } from "./connection-url.ts";

/** Settings of a session: what a server's own defaults must not decide. Durations in ms. */
export interface SessionSettings {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** Plans may only follow indexes by nested loops: right for look-ups however stale the statistics are. */
  readonly lookupsOnly: boolean;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Opens a connection and prepares its session. An error of it later is reported by the query under way and by `end`. */
export async function connect(url: string, applicationName: string, settings: SessionSettings): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: driverUrl(url),
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(sessionSql(settings));
  } catch (error) {
    // The driver leaves the connection of a failed log-in open, and the server would wait for the rest of it.
    destroy(client);
    throw error;
  }
  return client;
}

/** Drops a connection at once; `end` waits for the peer to take part, and a peer that is gone never does. */
export function destroy(client: pg.Client): void {
  client.end().catch(() => {});
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/**
 * The statements that prepare a session. Sent after the start instead of as start parameters, which poolers refuse. An
 * acknowledged commit is on disk whatever the server's default; isolation must be READ COMMITTED for the fence.
 */
export function sessionSql(settings: SessionSettings): string {
  const lookup = settings.lookupsOnly
    ? "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan;"
    : "";
  return `SET statement_timeout = ${settings.statementTimeoutMs}; SET lock_timeout = ${settings.lockTimeoutMs};
    SET idle_in_transaction_session_timeout = 30000; SET jit = off; SET default_transaction_isolation = 'read committed';
    SET client_min_messages = warning; SET datestyle = iso;
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET max_parallel_workers_per_gather = 0; ${lookup}`;
}

/** Runs `body` in a transaction; any error rolls it back and is thrown on. */
export async function transaction<T>(client: pg.ClientBase, body: () => Promise<T>, begin = "BEGIN"): Promise<T> {
  await client.query(begin);
  try {
    const result = await body();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

const numbers = new Set([20, 21, 23]);

/** 64-bit numbers as JS numbers: everything stored is below 2⁵³. */
export const TYPES = {
  getTypeParser: ((oid: number, format: "text" | "binary") =>
    numbers.has(oid) && format !== "binary"
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};
