import type { GateHit } from "../../ports/rows.ts";
import type { FlushBatch, FlushResult } from "../../ports/store.ts";
import { StoreUnavailableError } from "../../ports/store-errors.ts";
import { TYPES, transaction } from "./connect.ts";
import type { Target } from "./connection-url.ts";
import type { FlushClient, FlushConnection } from "./flush-connection.ts";
import { SHARD_LOCK } from "./schema/fence-function.ts";
import { isLost, storeError } from "./store-error.ts";

/** Longest wait for the transaction of a lost connection, which was told to end before. */
const LOCK_TIMEOUT_MS = 2_000;

const END_BACKEND = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2";
const LOCK_SHARDS = `SELECT pg_advisory_xact_lock(${SHARD_LOCK}, q.shard) FROM
  (SELECT shard FROM unnest($1::int[]) u(shard) ORDER BY shard) q`;
const FIND_FLUSH = "SELECT held, lost FROM tss_flush WHERE seg = $1 AND shard = $2 AND epoch = $3 AND flush_no = $4";
const FIND_GATES = `SELECT r.place::int - 1 AS place, g.hash, g.answer FROM unnest($1::text[]) WITH ORDINALITY r(key, place)
  JOIN tss_gate g ON g.key = r.key AND g.expires_at > $2`;

/**
 * What a flush in doubt did. The backend that had it is ended and its locks are taken, so that it has happened by then or
 * never will; the flush row, which every flush writes, tells which.
 */
export function makeResolve(
  connection: FlushConnection,
  at: Target,
): (batch: FlushBatch) => Promise<FlushResult | null> {
  return async (batch) => {
    if (batch.shards.length === 0) return { keys: [], lostEnds: [] };
    let used: FlushClient | undefined;
    try {
      used = await connection.get();
      return await resolveOver(used, connection, batch);
    } catch (error) {
      if (used && isLost(error)) connection.abandon(used);
      const mapped = storeError(error, at, true);
      throw mapped instanceof StoreUnavailableError ? mapped : new StoreUnavailableError(mapped.message, true, error);
    }
  };
}

async function resolveOver(
  { client }: FlushClient,
  connection: FlushConnection,
  batch: FlushBatch,
): Promise<FlushResult | null> {
  const lost = [...connection.lost];
  for (const backend of lost) await client.query(END_BACKEND, [backend.pid, backend.applicationName]);
  const found = await transaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query(LOCK_SHARDS, [batch.shards.map((shard) => shard.shard)]);
    const first = batch.shards[0]!;
    const row = await client.query({
      text: FIND_FLUSH,
      values: [batch.seg, first.shard, first.epoch, first.flushNo],
      types: TYPES,
    });
    return row.rows[0] as { held: number[] | null; lost: number[] | null } | undefined;
  });
  connection.lost.splice(0, lost.length);
  if (found === undefined) return null;
  const keys: (GateHit | null)[] = batch.keys.map(() => null);
  const held = found.held ?? [];
  if (held.length > 0) {
    const names = held.map((place) => batch.keys[place]?.key ?? "");
    const gates = await client.query({ text: FIND_GATES, values: [names, batch.at], types: TYPES });
    for (const row of gates.rows) keys[held[row.place] ?? -1] = { hash: row.hash, answer: row.answer };
  }
  return { keys, lostEnds: [...(found.lost ?? [])].sort((a, b) => a - b) };
}
