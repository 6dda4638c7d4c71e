import { decide } from "../kernel/decide.ts";
import type { TaskHead } from "../ports/rows.ts";
import { committed } from "./committed.ts";
import { endItem } from "./conclude.ts";
import { takeInHand, takeOut } from "./fill.ts";
import type { Item } from "./item.ts";
import { type EngineState, isServing } from "./state.ts";
import { stateOf } from "./task-state.ts";

const ROWS = 500;

/** How far tasks have been looked at that may not wait for ever. Times are ms since 1970. */
export interface ExpiryMarks {
  /** Every task that expires at or before this has begun or ended, durably. */
  until: number;
  /** Earliest expiry of the flush under way: a read does not see its tasks yet. */
  placed: number;
  /** Earliest expiry that was placed since the sweep under way began. */
  since: number;
}

export function newExpiryMarks(): ExpiryMarks {
  return { until: 0, placed: Number.POSITIVE_INFINITY, since: Number.POSITIVE_INFINITY };
}

/** A task that may expire takes its place in the flush that is being made. */
export function noteExpiry({ expiry }: EngineState, expiresAt: number): void {
  expiry.placed = Math.min(expiry.placed, expiresAt);
  expiry.since = Math.min(expiry.since, expiresAt);
  if (expiresAt <= expiry.until) expiry.until = expiresAt - 1;
}

/** Whether a task of which no attempt counts has waited longer than it may. */
export function isExpired(state: EngineState, { head, attempts, released }: Item): boolean {
  return head.expiresAt > 0 && head.expiresAt <= state.clock.now() && attempts + released === 0;
}

/** Ends tasks that have waited longer than they may, wherever they wait. Each is looked at once: what has begun is let be. */
export async function expireTasks(state: EngineState): Promise<void> {
  const { expiry } = state;
  const underWay = state.flushMaking > state.flushCommitted ? expiry.placed : Number.POSITIVE_INFINITY;
  const to = Math.min(state.clock.now(), underWay - 1);
  if (to <= expiry.until) return;
  expiry.since = Number.POSITIVE_INFINITY;
  const mark = state.segments.mark();
  let ended = false;
  let after: TaskHead | null = null;
  for (;;) {
    const rows: readonly TaskHead[] = await state.store.recovery.expired(
      state.segments.newestFirst,
      expiry.until,
      to,
      after,
      ROWS,
    );
    if (state.stopped !== null) return;
    for (const head of rows) ended = expire(state, head) || ended;
    after = rows.at(-1) ?? null;
    if (rows.length < ROWS) break;
  }
  if (ended) await committed(state);
  // A task that moved meanwhile may have been in neither place when that was read.
  if (state.segments.isUnmoved(mark)) expiry.until = Math.min(to, expiry.since - 1);
}

function expire(state: EngineState, head: TaskHead): boolean {
  const lane = state.lanes.get(head.lane);
  // It may have ended since it was read.
  if (lane === undefined || state.recentEnds.has(head) || !isServing(state, head.shard)) return false;
  let item = state.items.get(head);
  if (item === undefined) {
    takeOut(state, lane, head);
    item = takeInHand(state, head, lane, "returned");
  }
  const decision = decide(stateOf(item), { kind: "expire" }, head);
  if (decision.do !== "end") return false;
  endItem(state, item, decision.status, decision.reason, {});
  return true;
}
