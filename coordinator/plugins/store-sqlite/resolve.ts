import type { FlushBatch, FlushResult } from "../../ports/store.ts";
import { decodeOutcome } from "./flush-outcome.ts";
import { findGates } from "./gates.ts";
import type { Handles } from "./handles.ts";
import { isMissingTable } from "./sqlite-errors.ts";

/**
 * See Store.resolve. It commits a change of its own before it answers: a commit that failed while its log was synced may
 * lie whole on the disk though this process does not see it, and would come back with the next crash; the new commit
 * takes its place in the log, so that what is answered now stays true.
 */
export function resolveFlush({ writer, memory }: Handles, batch: FlushBatch): FlushResult | null {
  const [first] = batch.shards;
  if (first === undefined) return null;
  return writer.write(() => {
    writer.prepare("UPDATE meta SET value = value + 1 WHERE key = 'resolved'").run();
    const row = flushRow();
    if (row === undefined) return null;
    const { held, lost } = decodeOutcome(row["outcome"] as string | null);
    const gates = held.map((i) => batch.keys[i]!);
    const hits = findGates(writer, memory, gates, batch.at);
    const keys = batch.keys.map((gate, i) => (held.includes(i) ? (hits.get(gate.key) ?? null) : null));
    return { keys, lostEnds: lost };
  });

  function flushRow() {
    try {
      return writer
        .prepare(`SELECT outcome FROM flush_${batch.seg} WHERE shard = ? AND epoch = ? AND flush_no = ?`)
        .get(first!.shard, first!.epoch, first!.flushNo);
    } catch (error) {
      if (isMissingTable(error)) return undefined;
      throw error;
    }
  }
}
