import { type Batch, newBatch } from "./batch.ts";
import { countBatch } from "./counters.ts";
import { match } from "./match.ts";
import { emptyPending, type Pending } from "./pending.ts";
import { placeMessage } from "./place.ts";
import { type EngineState, segmentOf } from "./state.ts";

/** Tasks and bytes of submits in one flush: enough to make a commit cheap a task, little enough to keep it short. */
const TASKS = 1_000;
const BYTES = 1024 * 1024;
/** Ends in one flush. */
const ENDS = 4_000;

/**
 * Everything that happened since the last flush, as one batch: messages take their places, workers are matched with what
 * waits (also with what has just come in), and what was decided meanwhile goes along.
 */
export function makeBatch(state: EngineState): Batch {
  const { pending } = state;
  state.flushSince = pending.since || state.clock.now();
  const batch = newBatch(++state.flushMaking, state.clock.now(), pending.since);
  state.expiry.placed = Number.POSITIVE_INFINITY;
  placeMessages(state, batch, pending);
  match(state);
  takeRows(state, batch, pending);
  countBatch(state, batch);
  return batch;
}

function placeMessages(state: EngineState, batch: Batch, pending: Pending): void {
  let bytes = 0;
  let taken = 0;
  const requests = new Set<string>();
  for (const message of pending.messages) {
    const first = taken === 0;
    // A message that came again before it was written: the next flush finds what the first has made.
    if (requests.has(message.requestId)) break;
    if (message.requestId !== "") requests.add(message.requestId);
    if (!first && (message.alone || batch.messages[0]?.message.alone)) break;
    if (!first && (batch.tasks.length + message.admissions.length > TASKS || bytes + message.bytes > BYTES)) break;
    bytes += message.bytes;
    taken++;
    placeMessage(state, batch, message);
  }
  pending.messages.splice(0, taken);
  pending.messageBytes -= bytes;
}

/** Who waits for everything decided up to now waits for the ends that are left for the next flushes too. */
function afterLastEnd(pending: Pending): void {
  const { after } = pending;
  pending.after = [];
  pending.ends.at(-1)?.settled.push(() => {
    for (const follow of after) follow();
  });
}

function takeRows(state: EngineState, batch: Batch, pending: Pending): void {
  const whole = pending.ends.length <= ENDS;
  // Ends are what may pile up behind a slow database; their order is kept, and an event never overtakes an end.
  const ends = whole ? pending.ends : pending.ends.slice(0, ENDS);
  const rest: Partial<Pending> = whole ? {} : { ends: pending.ends.slice(ENDS) };
  if (!whole) afterLastEnd(pending);
  batch.ends = ends;
  batch.events = pending.events;
  batch.moves = pending.moves;
  batch.sessions = pending.sessions;
  batch.locks = pending.locks;
  batch.leases = pending.leases;
  batch.after = pending.after;
  const { messages, messageBytes, keys } = pending;
  Object.assign(pending, emptyPending(), { messages, messageBytes, keys }, rest);
  if (messages.length > 0 || pending.ends.length > 0) pending.since = batch.since;
  for (const row of batch.events) row.seg = segmentOf(state, row);
  for (const { row } of batch.ends) row.seg = segmentOf(state, row);
  for (const { row } of batch.moves) row.seg = segmentOf(state, row);
  // Locks leave only flush rows behind, which go with their segment: it must be closed at some time for them alone too.
  state.segmentRows += batch.tasks.length + batch.locks.length;
}
