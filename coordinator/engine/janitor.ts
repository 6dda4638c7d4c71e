import { FencedError, StoreUnavailableError } from "../ports/store-errors.ts";
import { takeCheckpoints } from "./checkpoint.ts";
import type { Flusher } from "./flusher.ts";
import { noteAway, noteBack } from "./outage.ts";
import { rebuildItem } from "./rebuild.ts";
import { refillServed } from "./refill.ts";
import type { Shard } from "./shard.ts";
import { type EngineState, isOwned } from "./state.ts";

/** The regular duties of an owner, each a beat of its own: checkpoints, due tasks, rotation and retention. */

const DUE_ROWS = 1_000;
const PRUNE_ROWS = 1_000;
const DOUBT_MS = 200;

/** One at a time: who has waited for it knows that everything committed before the call is covered. */
export function writeCheckpoints(state: EngineState, flusher: Flusher): Promise<void> {
  const written = state.checkpointing.then(() => writeDirty(state, flusher));
  state.checkpointing = written.catch(() => {});
  return written;
}

async function writeDirty(state: EngineState, flusher: Flusher): Promise<void> {
  let checkpoints: ReturnType<typeof takeCheckpoints> = [];
  await flusher.between(async () => {
    checkpoints = takeCheckpoints(state, state.shards);
  });
  if (checkpoints.length === 0) return;
  state.failpoint("checkpoint.taken");
  try {
    await state.store.recovery.writeCheckpoints(checkpoints);
    state.failpoint("checkpoint.written");
  } catch (error) {
    // The old ones stand, and the shards must be written again although nothing new happens; one may have left meanwhile.
    for (const { shard } of checkpoints) {
      const found = state.shards.find(shard);
      if (found !== undefined) found.dirty = true;
    }
    throw error;
  }
}

/** Every flush checks the epochs; an owner that has written nothing since the last beat asks for them. */
export async function checkOwner(state: EngineState, everyMs: number): Promise<void> {
  if (state.clock.monotonic() - state.wroteAt < everyMs) return;
  try {
    await state.store.checkOwner(state.shards.owners);
  } catch (error) {
    // A database that is away says nothing about who owns it; who needs it says so.
    if (error instanceof FencedError) throw error;
  }
}

/** Takes delayed tasks of segment 0 in hand before their time comes. */
export async function takeDue(state: EngineState): Promise<void> {
  // A row that is decided but not committed is not seen yet: the scan stays behind the oldest such decision.
  const decided = state.pending.since === 0 ? state.clock.now() : Math.min(state.pending.since, state.clock.now());
  const base = state.flushMaking > state.flushCommitted ? Math.min(decided, state.flushSince) : decided;
  const until = base + state.config.horizonMs;
  // The clock was set back: what is in hand stays there, and what comes is not kept in memory for longer than usual.
  if (until < state.laterUntil - state.config.horizonMs) state.laterUntil = until;
  if (until > state.laterUntil) await readDue(state, until);
}

async function readDue(state: EngineState, until: number): Promise<void> {
  state.laterReading = until;
  try {
    await takeDueBetween(state, state.laterUntil, until);
    if (state.stopped === null) state.laterUntil = until;
  } finally {
    state.laterReading = 0;
    if (state.recovering === 0) state.departed.clear();
  }
}

/** @param from exclusive, ms since 1970. @param until inclusive. */
export async function takeDueBetween(state: EngineState, from: number, until: number): Promise<void> {
  let after: Parameters<EngineState["store"]["recovery"]["due"]>[2] = null;
  for (;;) {
    const rows = await state.store.recovery.due(from, until, after, DUE_ROWS);
    if (state.stopped !== null) return;
    for (const stored of rows) {
      const item = isOwned(state, stored.task.shard) ? rebuildItem(state, stored, true) : null;
      if (item?.state === "running") state.watchOrphan(item);
    }
    const last = rows.at(-1)?.task;
    if (rows.length < DUE_ROWS || last === undefined) return;
    after = { shard: last.shard, lane: last.lane, seq: last.seq, runAt: last.runAt };
  }
}

/**
 * Carries out a change of segments. Where its answer is lost it is asked for again until it is known to have happened: no
 * flush may be made before, as its rows must go where they will be looked for.
 */
async function untilKnown<T>(state: EngineState, change: () => Promise<T>): Promise<T> {
  for (let doubt = false; ; doubt = true) {
    try {
      const result = await change();
      if (doubt) noteBack(state);
      return result;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError && (doubt || error.inDoubt))) throw error;
      if (state.stopped !== null) throw state.stopped;
      if (!doubt) state.logger.error({ error: error.message }, "a change of segments is in doubt; asking again");
      noteAway(state, error.message);
      await new Promise<void>((resolve) => state.timers.after(DOUBT_MS, resolve));
    }
  }
}

/** Opens the next segment when the open one is full or old. */
export async function rotate(state: EngineState, flusher: Flusher): Promise<void> {
  const full = state.segmentRows >= state.config.segmentRows;
  const old = state.segmentRows > 0 && state.clock.now() - state.segments.open.openedAt >= state.config.segmentAgeMs;
  if (!full && !old) return;
  await flusher.between(async () => {
    leaveNumberOut(state);
    const ranges = [...state.shards].map((shard) => ({ shard: shard.shard, fromSeq: shard.lastSeq + 1 }));
    const at = state.clock.now();
    const segment = await untilKnown(state, () => state.store.segments.open(state.shards.owners, ranges, at));
    state.failpoint("segment.opened");
    state.segments.opened(segment);
    state.segmentRows = 0;
  });
}

/**
 * Where nothing was submitted since the open segment began, the next one would begin at the same numbers, and the store would
 * take it for the same one asked for again.
 */
function leaveNumberOut({ segments, shards }: EngineState): void {
  const begins = new Map(segments.open.ranges.map((range) => [range.shard, range.fromSeq]));
  const [first, ...rest] = shards;
  const isUnused = (shard: Shard) => begins.get(shard.shard) === shard.lastSeq + 1;
  if (first !== undefined && isUnused(first) && rest.every(isUnused)) first.nextSeq();
}

/** Empties segments whose newest end is older than the retention, oldest first; one in the way does not hold up the next. */
export async function reclaim(state: EngineState, flusher: Flusher): Promise<void> {
  const endedBefore = state.clock.now() - state.config.retentionMs;
  // What others have in a segment is theirs to take out; one that nobody has anything in is anybody's to empty.
  const sealed = state.segments
    .sealedBefore(endedBefore)
    .filter(({ ranges }) => ranges.length === 0 || ranges.some(({ shard }) => isOwned(state, shard)));
  // The flush rows of a segment go with it: a recovery must not need them any more.
  if (sealed.length > 0) await writeCheckpoints(state, flusher);
  for (const { seg } of sealed) {
    await flusher.between(async () => {
      state.segments.emptying(seg);
      const reclaiming = untilKnown(state, () =>
        state.store.segments.reclaim(state.shards.owners, seg, endedBefore, state.config.maxMoved),
      );
      const result = await reclaiming.finally(() => state.segments.settled());
      if (result.outcome === "reclaimed") {
        state.failpoint("segment.reclaimed");
        state.segments.reclaimed(seg);
      } else if (result.outcome === "unfinished")
        state.logger.warn(
          { seg, unfinished: result.unfinished },
          "a segment is kept: too many of its tasks are unfinished",
        );
      refillServed(state);
    });
    if (state.stopped !== null) return;
  }
  while (state.stopped === null) {
    const pruned = await state.store.segments.pruneLater(state.shards.owners, endedBefore, PRUNE_ROWS);
    if (pruned < PRUNE_ROWS) break;
  }
  await state.store.segments.pruneGates(state.clock.now());
}
