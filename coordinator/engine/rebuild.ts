import { TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { unpackLocks } from "../kernel/task-lock.ts";
import { refKey } from "../kernel/task-ref.ts";
import { EVENT, type EventRow, type StoredTask } from "../ports/rows.ts";
import { holdLocks } from "./claim-locks.ts";
import { endItem } from "./conclude.ts";
import { isExpired } from "./expiry.ts";
import { returnItem, takeInHand } from "./fill.ts";
import { headOf, type Item } from "./item.ts";
import { restItem } from "./rest.ts";
import { LATER } from "./segments.ts";
import type { EngineState } from "./state.ts";

/** What the events of a task add up to. */
export interface History {
  /** Those that count. */
  attempts: number;
  /** Those that had begun and were given back. */
  released: number;
  token: number;
  /** The event of the attempt that runs; null: none does. */
  running: EventRow | null;
  nextAt: number;
  retrying: boolean;
  cancelRequestedAt: number;
}

/** @param events by ord. */
export function readHistory(events: readonly EventRow[]): History {
  const history: History = {
    attempts: 0,
    released: 0,
    token: 0,
    running: null,
    nextAt: 0,
    retrying: false,
    cancelRequestedAt: 0,
  };
  for (const event of events) {
    switch (event.kind) {
      case EVENT.leased:
        history.attempts = event.attempt - history.released;
        history.token = event.ord;
        history.running = event;
        history.retrying = false;
        break;
      case EVENT.retrying:
        history.running = null;
        history.nextAt = event.nextAt;
        history.retrying = true;
        break;
      case EVENT.released:
        history.running = null;
        // Only what had begun has something to tell.
        if (event.detail !== null) history.released++;
        history.attempts--;
        break;
      case EVENT.cancelRequested:
        history.cancelRequestedAt = event.at;
        break;
      case EVENT.retriedAs:
        break;
    }
  }
  return history;
}

/**
 * Takes an unfinished task in hand as its rows say; one in segment 0 whose time is far is left there.
 * @param scanned the scan for due ones has found it, which looks at each once: the clock may have been set back meanwhile.
 */
export function rebuildItem(state: EngineState, stored: StoredTask, scanned = false): Item | null {
  const { task } = stored;
  const lane = state.lanes.get(task.lane);
  // What was committed while these rows were read is not among them.
  if (lane === undefined || state.items.has(task) || state.departed.has(refKey(task))) return null;
  const history = readHistory(stored.events);
  const dueAt = Math.max(history.nextAt, task.runAt);
  // The scan for due ones finds it by its row alone.
  const far = !scanned && task.seg === LATER && task.runAt > state.clock.now() + state.config.horizonMs;
  if (history.running === null && far) return null;
  const head = headOf(task);
  const item = takeInHand(state, head, lane, "returned");
  item.attempts = history.attempts;
  item.released = history.released;
  item.token = history.token;
  item.cancelRequestedAt = history.cancelRequestedAt;
  item.retrying = history.retrying;
  item.dueAt = dueAt;
  if (history.running !== null) {
    for (const { id, session } of stored.sessions) state.pastSessions.set(id, session);
    item.state = "running";
    if (lane.room !== null) lane.room.running++;
    item.attempt = {
      session: null,
      sessionNumber: history.running.session,
      leasedAt: history.running.at,
      committed: true,
      startedAt: 0,
      begunAt: state.clock.monotonic() - Math.max(state.clock.now() - history.running.at, 0),
      progress: null,
      messages: [],
      ordered: 0,
      told: 0,
      beatAt: 0,
    };
    item.locks = unpackLocks(history.running.detail);
    if (item.locks.length > 0) holdLocks(state, item);
    addOrphan(state, item, history.running.session);
  } else if (item.cancelRequestedAt > 0) endItem(state, item, TaskStatus.CANCELLED, TaskReason.ABORTED, {});
  else if (isExpired(state, item)) endItem(state, item, TaskStatus.FAILED, TaskReason.EXPIRED, {});
  else if (dueAt > state.clock.now()) restItem(state, item, dueAt);
  else returnItem(state, item);
  return item;
}

function addOrphan(state: EngineState, item: Item, session: number): void {
  const orphans = state.orphans.get(session);
  if (orphans === undefined) state.orphans.set(session, [item]);
  else orphans.push(item);
}
