import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { NO_LOCKS } from "../kernel/task-lock.ts";
import { dropMemory, takeInHand } from "./fill.ts";
import type { Item } from "./item.ts";
import type { Claim, LaneLocks } from "./lane-locks.ts";
import type { Lane } from "./lanes.ts";
import { offerLane } from "./serving.ts";
import { type EngineState, itemAt } from "./state.ts";
import { orderEnd } from "./watch-attempt.ts";

/** How long locks that were taken wait for a worker before others may have them, ms. */
const IDLE_MS = 2_000;
/** The pause after a claim that came to nothing, ms. */
const AGAIN_MS = 1_000;

/** A worker would take a task of the lane: takes the locks for its next one. Does nothing while enough are being taken. */
export function claimLocks(state: EngineState, lane: Lane, locks: LaneLocks): void {
  if (!locks.canClaim) return;
  const item = nextItem(state, lane);
  if (item === null) return;
  const quit = new AbortController();
  const claim: Claim = {
    item,
    since: state.clock.now(),
    held: [],
    ready: false,
    end(pauseMs = 0) {
      if (!locks.forget(claim)) return;
      quit.abort();
      state.taskLocks.free(claim.held);
      // The next task may have its turn.
      if (pauseMs === 0) offer(state, lane);
      else state.wheel.add(state.clock.monotonic() + pauseMs, () => offer(state, lane));
    },
  };
  locks.add(claim);
  void takeAll(state, lane, locks, claim, quit.signal);
}

/** A task that came back first; else the oldest, which is at the front of its lane from now on. */
function nextItem(state: EngineState, lane: Lane): Item | null {
  const next = lane.takeUnclaimed();
  if (next === null || "head" in next) return next;
  dropMemory(state, next);
  const item = takeInHand(state, next, lane, "returned");
  lane.returned.push(item);
  return item;
}

async function takeAll(
  state: EngineState,
  lane: Lane,
  locks: LaneLocks,
  claim: Claim,
  signal: AbortSignal,
): Promise<void> {
  const holder = `task ${state.ids.encode(claim.item.head)}`;
  try {
    for (const need of locks.needs) {
      const lock = await state.taskLocks.acquire(need, holder, signal);
      if (signal.aborted) return state.taskLocks.free([lock]);
      claim.held.push(lock);
      state.taskLocks.keep(
        lock,
        () => locks.holds(claim),
        () => claim.end(),
      );
    }
    locks.problem = "";
    claim.ready = true;
    state.wheel.add(state.clock.monotonic() + IDLE_MS, () => {
      claim.end();
    });
    offer(state, lane);
  } catch (error) {
    if (signal.aborted || state.stopped !== null) return claim.end();
    locks.problem = (error as Error).message;
    claim.end(AGAIN_MS);
  }
}

function offer(state: EngineState, lane: Lane): void {
  offerLane(state, lane);
  state.wake();
}

/** The attempt has them from now on. */
export function holdLocks(state: EngineState, item: Item): void {
  for (const lock of item.locks)
    state.taskLocks.keep(
      lock,
      () => itemAt(state, item.head) === item && item.locks.includes(lock),
      () => {
        state.logger.warn({ lock: lock.name, task: state.ids.encode(item.head) }, "a lock of a running task is lost");
        if (item.attempt !== null && item.attempt.ordered === 0) orderEnd(state, item, TaskReason.LOCK_LOST);
      },
    );
}

/** The task runs no more, or waits no more. @param now before that is committed: it never began. */
export function letLocksGo(state: EngineState, item: Item, now = false): void {
  item.lane.locks?.drop(item);
  const { locks } = item;
  if (locks.length === 0) return;
  item.locks = NO_LOCKS;
  const free = () => state.taskLocks.free(locks);
  if (now) free();
  else state.pending.after.push(free);
}
