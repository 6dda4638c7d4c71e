import { reading } from "../../engine/reading.ts";
import { type EngineState, movedError } from "../../engine/state.ts";
import type { OwnedShard } from "../../ports/store.ts";
import { FencedError } from "../../ports/store-errors.ts";
import { type BulkRecord, writeRecord } from "./bulk-record.ts";

/**
 * Writes a job's row, if jobs are still this coordinator's.
 * @param owner under which they were read.
 * @throws TssError UNAVAILABLE: the database is away, or another coordinator carries jobs out by now.
 */
export async function saveRecord({ store }: EngineState, owner: OwnedShard, record: BulkRecord): Promise<void> {
  const row = { id: record.id, createdAt: record.createdAt, body: writeRecord(record) };
  try {
    await reading(() => store.catalog.saveBulk(row, owner));
  } catch (error) {
    throw error instanceof FencedError ? movedError() : error;
  }
}
