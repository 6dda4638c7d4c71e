import type { GateHit } from "../../ports/rows.ts";
import type { FlushBatch, FlushResult } from "../../ports/store.ts";
import { RequestRepeatedError } from "../../ports/store-errors.ts";
import type { Connection } from "./connection.ts";
import { encodeOutcome } from "./flush-outcome.ts";
import { findGates, insertGates } from "./gates.ts";
import { type Handles, ownerWrite } from "./handles.ts";
import { insertEnd, insertEvent, insertTask, moveTask } from "./insert-rows.ts";
import { checkEpochs } from "./ownership.ts";
import { SegmentTally } from "./segment-tally.ts";
import { noteSessions } from "./sessions.ts";

/** See Store.flush: one transaction, one sync of the log. */
export function flush(handles: Handles, batch: FlushBatch): FlushResult {
  const { failpoint } = handles;
  failpoint("flush.begin");
  const result = ownerWrite(
    handles,
    () => writeBatch(handles, batch),
    () => failpoint("flush.before-commit"),
  );
  failpoint("flush.after-commit");
  return result;
}

function writeBatch(handles: Handles, batch: FlushBatch): FlushResult {
  const { writer, memory } = handles;
  checkEpochs(writer, batch.shards);
  const repeated = findGates(writer, memory, batch.requests, batch.at);
  if (repeated.size > 0) throw new RequestRepeatedError(repeated);
  const keys = passKeys(handles, batch);
  insertGates(writer, memory, batch.requests);

  const tally = new SegmentTally();
  const task = insertTask(writer);
  for (const [i, row] of batch.tasks.entries()) {
    const key = batch.taskKeys[i] ?? -1;
    if (key >= 0 && keys[key] !== null) continue;
    task(row);
    tally.task(row);
  }
  const event = insertEvent(writer);
  for (const row of batch.events) event(row);
  const lostEnds = writeEnds(writer, batch, tally);
  const move = moveTask(writer);
  for (const row of batch.moves) if (move(row, batch.at)) tally.move(row);

  noteSessions(handles, batch);
  tally.write(handles);
  const result = { keys, lostEnds };
  writeFlushRows(writer, batch, encodeOutcome(result));
  return result;
}

function passKeys({ writer, memory }: Handles, batch: FlushBatch): readonly (GateHit | null)[] {
  const held = findGates(writer, memory, batch.keys, batch.at);
  insertGates(
    writer,
    memory,
    batch.keys.filter((gate) => !held.has(gate.key)),
  );
  return batch.keys.map((gate) => held.get(gate.key) ?? null);
}

function writeEnds(writer: Connection, batch: FlushBatch, tally: SegmentTally): readonly number[] {
  const end = insertEnd(writer);
  const lost: number[] = [];
  for (const [i, row] of batch.ends.entries()) {
    if (end(row)) tally.end(row);
    else lost.push(i);
  }
  return lost;
}

/** The outcome goes with the first shard alone: that is where it is looked for. */
function writeFlushRows(writer: Connection, batch: FlushBatch, outcome: string | null): void {
  if (batch.shards.length === 0) return;
  const insert = writer.prepare(`INSERT INTO flush_${batch.seg} VALUES (?, ?, ?, ?, ?)`);
  for (const [i, row] of batch.shards.entries())
    insert.run(row.shard, row.epoch, row.flushNo, row.body, i === 0 ? outcome : null);
}
