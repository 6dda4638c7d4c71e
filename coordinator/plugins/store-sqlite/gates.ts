import type { GateHit, GateRow } from "../../ports/rows.ts";
import type { Connection } from "./connection.ts";
import type { OwnerMemory } from "./owner-memory.ts";
import { gateTable } from "./tables.ts";

/** The UTC day of a time as YYYYMMDD, or "99991231" past what a calendar can say. */
export function dayOf(at: number): string {
  const latest = Date.UTC(9999, 11, 31);
  return new Date(Math.min(at, latest)).toISOString().slice(0, 10).replaceAll("-", "");
}

export function gateDays(connection: Connection): Set<string> {
  const rows = connection.prepare(
    "SELECT substr(name, 6) AS day FROM sqlite_schema WHERE name GLOB 'gate_*' AND type = 'table'",
  );
  return new Set(rows.all().map((row) => row["day"] as string));
}

/** Gates that exist and have not expired, by key. A gate lies in the table of the day it expires on, today or later. */
export function findGates(
  writer: Connection,
  memory: OwnerMemory,
  gates: readonly { readonly key: string }[],
  at: number,
): Map<string, GateHit> {
  const hits = new Map<string, GateHit>();
  if (gates.length === 0) return hits;
  memory.gateDays ??= gateDays(writer);
  const keys = JSON.stringify(gates.map((gate) => gate.key));
  const today = dayOf(at);
  for (const day of memory.gateDays) {
    if (day < today) continue;
    const select = writer.prepare(
      `SELECT key, hash, answer FROM gate_${day} WHERE expires_at > ? AND key IN (SELECT value FROM json_each(?))`,
    );
    for (const row of select.all(at, keys))
      hits.set(row["key"] as string, { hash: row["hash"] as Uint8Array, answer: row["answer"] as Uint8Array });
  }
  return hits;
}

/** Writes gates that nothing holds; one that has expired under the same key is replaced. */
export function insertGates(writer: Connection, memory: OwnerMemory, gates: readonly GateRow[]): void {
  for (const gate of gates) {
    const day = dayOf(gate.expiresAt);
    memory.gateDays ??= gateDays(writer);
    if (!memory.gateDays.has(day)) {
      writer.exec(gateTable(day));
      memory.gateDays.add(day);
    }
    writer
      .prepare(`INSERT OR REPLACE INTO gate_${day} VALUES (?, ?, ?, ?)`)
      .run(gate.key, gate.hash, gate.answer, gate.expiresAt);
  }
}
