import type { GateHit } from "../../ports/rows.ts";
import type { FlushBatch, FlushResult } from "../../ports/store.ts";
import { BadRowError, RequestRepeatedError, StoreUnavailableError } from "../../ports/store-errors.ts";
import { TYPES } from "./connect.ts";
import type { Target } from "./connection-url.ts";
import { BatchEncoder, WRITE_SQL } from "./encode-batch.ts";
import type { FlushClient, FlushConnection } from "./flush-connection.ts";
import type { GateSlots } from "./gate-slots.ts";
import { ANSWER, GATE_MET } from "./schema/write-function.ts";
import type { SessionUses } from "./session-uses.ts";
import { isLost, storeError } from "./store-error.ts";

/** Beyond the server's own timeout of a statement: the server or the way to it is gone. */
const ANSWER_TIMEOUT_MS = 30_000;

interface AnswerRow {
  readonly kind: number;
  readonly idx: number;
  readonly hash: Uint8Array;
  readonly answer: Uint8Array;
}

export interface FlushParts {
  readonly connection: FlushConnection;
  readonly slots: GateSlots;
  readonly uses: SessionUses;
  readonly at: Target;
  readonly failpoint: (name: string) => void;
}

/** The flush of the port over Postgres: one statement, one round trip, one commit. */
export function makeFlush(parts: FlushParts): (batch: FlushBatch) => Promise<FlushResult> {
  const encoder = new BatchEncoder();
  return async (batch) => {
    parts.failpoint("flush.begin");
    if (batch.shards.length === 0) return emptyFlush(batch);
    const flushClient = await parts.connection.get().catch((error: unknown) => {
      throw storeError(error, parts.at, false);
    });
    const uses = parts.uses.fresh(batch.events);
    const slots = parts.slots.noted(batch);
    const values = encodeOrRefuse(() => encoder.encode(batch, slots, uses, flushClient.types));
    parts.failpoint("flush.before-commit");
    const rows = await send(parts, flushClient, values).catch((error: unknown) => {
      // The other's gate is committed by now: this time it is found.
      if ((error as { cause?: { code?: string } }).cause?.code !== GATE_MET) throw error;
      return send(parts, flushClient, values);
    });
    parts.failpoint("flush.after-commit");
    const repeated = rows.filter((row) => row.kind === ANSWER.request);
    if (repeated.length > 0)
      throw new RequestRepeatedError(new Map(repeated.map((row) => [batch.requests[row.idx]?.key ?? "", hitOf(row)])));
    parts.uses.confirm(uses);
    return resultOf(batch, rows);
  };
}

function emptyFlush(batch: FlushBatch): FlushResult {
  if (batch.tasks.length + batch.events.length + batch.ends.length + batch.moves.length > 0)
    throw new BadRowError("a flush with rows names no shard", undefined);
  return { keys: [], lostEnds: [] };
}

/** A number or string that has no form in the database is a bad row, before anything was sent. */
function encodeOrRefuse<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw error instanceof BadRowError ? error : new BadRowError(String(error), error);
  }
}

async function send(parts: FlushParts, flushClient: FlushClient, values: unknown[]): Promise<readonly AnswerRow[]> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnavailableError("Postgres gave no answer to a flush: it or the network is gone.", true));
    }, ANSWER_TIMEOUT_MS);
  });
  const query = flushClient.client.query({ name: "tss_write", text: WRITE_SQL, values, types: TYPES });
  try {
    return (await Promise.race([query, silence])).rows as AnswerRow[];
  } catch (error) {
    query.catch(() => {});
    if (error instanceof StoreUnavailableError || isLost(error)) parts.connection.abandon(flushClient);
    throw storeError(error, parts.at, true);
  } finally {
    clearTimeout(timer);
  }
}

function hitOf(row: AnswerRow): GateHit {
  return { hash: row.hash, answer: row.answer };
}

function resultOf(batch: FlushBatch, rows: readonly AnswerRow[]): FlushResult {
  const keys: (GateHit | null)[] = batch.keys.map(() => null);
  const lostEnds: number[] = [];
  for (const row of rows) {
    if (row.kind === ANSWER.key) keys[row.idx] = hitOf(row);
    else if (row.kind === ANSWER.lostEnd) lostEnds.push(row.idx);
  }
  return { keys, lostEnds: lostEnds.sort((a, b) => a - b) };
}
