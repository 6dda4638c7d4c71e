import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { decide } from "../kernel/decide.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import { EVENT } from "../ports/rows.ts";
import { committed, orStopped } from "./committed.ts";
import { addEvent, endItem } from "./conclude.ts";
import { takeInHand, takeOut } from "./fill.ts";
import { attemptNumber, type Item } from "./item.ts";
import { checkAway } from "./outage.ts";
import { reading } from "./reading.ts";
import { readHistory } from "./rebuild.ts";
import { requireAbsent } from "./require-absent.ts";
import { type EngineState, itemAt, requireServing } from "./state.ts";
import { stateOf } from "./task-state.ts";
import { orderEnd } from "./watch-attempt.ts";

export type CancelOutcome = "changed" | "unchanged" | "unknown";

/**
 * Cancels one task, wherever it is; resolves after the commit. Waiting work ends at once; running work is told, and ends
 * `cancelled` whatever its worker reports from then on.
 */
export async function cancelTask(state: EngineState, ref: TaskRef, by: string): Promise<CancelOutcome> {
  checkAway(state);
  for (;;) {
    requireServing(state, ref.shard);
    const item = itemAt(state, ref);
    if (item?.state === "gated") await committed(state);
    else if (item?.state === "ending") await committed(state);
    else if (item !== undefined) return cancelItem(state, item, by);
    else {
      const outcome = await cancelElsewhere(state, ref, by);
      if (outcome !== "again") return outcome;
    }
  }
}

function cancelItem(state: EngineState, item: Item, by: string): Promise<CancelOutcome> {
  const decision = decide(stateOf(item), { kind: "cancel" }, item.head);
  if (decision.do === "end")
    return ended(state, (settled) => void endItem(state, item, decision.status, decision.reason, { settled }));
  if (decision.do === "requestCancel") {
    const at = state.clock.now();
    item.cancelRequestedAt = at;
    const detail = Buffer.from(by);
    addEvent(state, item.head, { kind: EVENT.cancelRequested, attempt: attemptNumber(item), at, detail });
    // Also when the caller has stopped waiting.
    state.pending.after.push(() => orderEnd(state, item, TaskReason.ABORTED));
    return committed(state).then(() => "changed");
  }
  // Asked before: the answer waits for that request's commit.
  return committed(state).then(() => "changed");
}

function ended(state: EngineState, end: (settled: (won: boolean) => void) => void): Promise<CancelOutcome> {
  return orStopped(state, (resolve) => end((won) => resolve(won ? "changed" : "unchanged")));
}

/** A task that is a head in a window, or only in the store: it is in hand from here on, as any other whose end is decided. */
async function cancelElsewhere(state: EngineState, ref: TaskRef, by: string): Promise<CancelOutcome | "again"> {
  const lane = state.lanes.get(ref.lane);
  const head = lane === undefined ? null : takeOut(state, lane, ref);
  if (lane !== undefined && head !== null) return cancelItem(state, takeInHand(state, head, lane, "returned"), by);
  const stored = await reading(() => state.reader.read(ref));
  if (stored?.end != null) return "unchanged";
  if (stored === null || lane === undefined) {
    await requireAbsent(state, ref);
    return "unknown";
  }
  // It may have come into memory, or even ended, while it was read.
  const window = lane.findWindow(ref.shard);
  if (itemAt(state, ref) !== undefined || window?.has(ref.seq) || state.recentEnds.has(ref)) return "again";
  const item = takeInHand(state, stored.task, lane, "returned");
  const { attempts, token } = readHistory(stored.events);
  return cancelItem(state, Object.assign(item, { attempts, token }), by);
}
