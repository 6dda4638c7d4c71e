import type pg from "pg";
import type { FlushBatch } from "../../ports/store.ts";
import { TYPES } from "./connect.ts";
import { DAY_MS, gateSlot } from "./encode-rows.ts";
import { GATE_SLOTS } from "./schema/tables.ts";

const READ = Array.from({ length: GATE_SLOTS }, (_, slot) => `(SELECT ${slot} AS slot FROM tss_gate_${slot} LIMIT 1)`);

/**
 * Which leaves of the gates hold anything: only those are probed, usually two or three. The leaves are read over the
 * connection of the flush, so that a flush is either before the reading, and is seen, or behind it, and adds its slots.
 */
export class GateSlots {
  #slots = new Set<number>();
  #added = new Set<number>();
  #readOver: pg.ClientBase | undefined;

  /** Reads anew which leaves hold rows. */
  async load(client: pg.ClientBase): Promise<void> {
    const added = new Set<number>();
    this.#added = added;
    const found = await client.query({ text: READ.join(" UNION ALL "), types: TYPES });
    // A flush of an earlier connection may still be in doubt, so what it wrote is kept.
    const kept = this.#readOver === client ? [] : this.#slots;
    this.#readOver = client;
    this.#slots = new Set([...found.rows.map((row) => row.slot as number), ...kept, ...added]);
  }

  /** Gives the slots that a batch's keys may be in, and notes those that it writes. */
  noted(batch: FlushBatch): number[] {
    if (batch.requests.length + batch.keys.length === 0) return [];
    // What other coordinators write is not noted here: their requests, whose gates live for a day.
    const before = [...new Set([...this.#slots, gateSlot(batch.at), gateSlot(batch.at + DAY_MS)])];
    for (const gates of [batch.requests, batch.keys])
      for (const gate of gates) {
        const slot = gateSlot(gate.expiresAt);
        this.#slots.add(slot);
        this.#added.add(slot);
      }
    return before;
  }
}
