import { TssError } from "../../proto/errors.ts";
import { type LockAsk, type LockHolder, sameAsk } from "../kernel/lock.ts";
import {
  askKey,
  changeLock,
  holderNow,
  leaveLine,
  liveLock,
  requireRoom,
  servingShard,
  type WaitingCall,
} from "./locks.ts";
import type { EngineState } from "./state.ts";

export interface LockRequest {
  readonly name: string;
  readonly permits: number;
  readonly ask: LockAsk;
  /** 0: the answer comes at once. */
  readonly waitMs: number;
}

/**
 * Takes a lock, waiting in line for it; resolves when the grant is committed. Null: it was not given within the wait.
 * A call whose signal fires gives up its place, and a grant that was on its way to it soon goes to the next.
 * @throws TssError FAILED_PRECONDITION the lock has another number of permits, or the ask ended before; ABORTED the same ask
 *   came by another call; UNAVAILABLE, RESOURCE_EXHAUSTED.
 */
export async function acquireLock(
  state: EngineState,
  { name, permits, ask, waitMs }: LockRequest,
  signal: AbortSignal,
): Promise<LockHolder | null> {
  const shard = servingShard(state, name);
  requireRoom(state, shard, name);
  const began = state.clock.monotonic();
  const key = askKey(ask);
  if (shard.pastAsks.has(`${name} ${key}`)) throw pastError(name);
  const { promise, resolve, reject } = Promise.withResolvers<LockHolder | null>();
  const call: WaitingCall = { granted: resolve, failed: reject };
  const live = liveLock(shard, name);
  live.calls.get(key)?.failed(repeatedError(name));
  live.calls.set(key, call);
  const drop = () => live.calls.get(key) === call && live.calls.delete(key);
  const gone = () => {
    // The newest call of an ask has its place; one that was repeated meanwhile has none to give up.
    if (drop()) leaveLine(state, shard, name, ask);
    resolve(null);
  };
  const late = () => {
    // It is the call's already, and on its way into the database.
    if (!live.lock.waiters.some((waiter) => sameAsk(waiter, ask))) return void state.waiting.add(reject);
    leaveLine(state, shard, name, ask);
    if (live.lock.waiters.some((waiter) => sameAsk(waiter, ask))) return;
    drop();
    resolve(null);
  };
  signal.addEventListener("abort", gone, { once: true });
  const answer = changeLock(state, shard, name, { kind: "acquire", ask, permits, wait: waitMs > 0 });
  // A place in line outlives an outage of the database; who waits for nothing but a commit is told.
  if (answer.answer === "held") state.waiting.add(reject);
  const timer = answer.answer === "queued" ? state.wheel.add(state.clock.monotonic() + waitMs, late) : null;
  try {
    if (answer.answer === "permits") throw permitsError(name, live.lock.permits, permits);
    if (answer.answer === "busy") return null;
    if (signal.aborted) gone();
    if (answer.answer === "held" && answer.again) {
      state.pending.after.push(() => resolve(holderNow(state, shard, name, answer.holder) ?? answer.holder));
      state.wake();
    }
    const held = await promise;
    if (held !== null) state.observer.lockGranted(state.clock.monotonic() - began);
    return held;
  } finally {
    if (timer !== null) state.wheel.cancel(timer);
    signal.removeEventListener("abort", gone);
    state.waiting.delete(reject);
    drop();
  }
}

function permitsError(name: string, has: number, asked: number): TssError {
  return new TssError(
    "FAILED_PRECONDITION",
    `The lock "${name}" is in use with ${has} ${has === 1 ? "permit" : "permits"}, and this call says ${asked}: everybody who uses it must say the same.`,
    { reason: "LOCK_PERMITS" },
  );
}

function pastError(name: string): TssError {
  return new TssError(
    "FAILED_PRECONDITION",
    `The lock "${name}" was given to this request before and has ended since; use a new request_id for a new acquire.`,
    { reason: "LOCK_REQUEST_OVER" },
  );
}

function repeatedError(name: string): TssError {
  return new TssError("ABORTED", `The acquire of "${name}" was repeated by another call, which goes on with it.`, {
    reason: "LOCK_REQUEST_REPEATED",
  });
}
