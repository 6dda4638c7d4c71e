import { hasPending } from "./pending.ts";
import type { EngineState } from "./state.ts";

/**
 * A promise that somebody else settles, unless the engine stops first or the database stays away. Only for callers to wait
 * on: what must follow a commit in any case is among `pending.after`. Rejected with UNAVAILABLE, and never before `start`.
 */
export function orStopped<T>(state: EngineState, start: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (state.stopped !== null) return reject(state.stopped);
    state.waiting.add(reject);
    start((value) => {
      state.waiting.delete(reject);
      resolve(value);
    });
  });
}

/** Resolves when everything decided up to now is committed. */
export function committed(state: EngineState): Promise<void> {
  return orStopped(state, (resolve) => {
    state.pending.after.push(() => resolve());
    state.wake();
  });
}

/** Whether nothing waits for a commit, so that what is in memory is what the store has. */
export function isCommitted({ pending, flushCommitted, flushMaking }: EngineState): boolean {
  return flushCommitted === flushMaking && !hasPending(pending);
}

/**
 * Calls back when everything decided up to now is committed, at once when nothing waits. What a worker is told that makes it
 * forget an attempt goes this way: a "no" that follows from a decision which is lost with this process would be no answer.
 */
export function whenCommitted(state: EngineState, follow: () => void): void {
  if (isCommitted(state)) return follow();
  state.pending.after.push(follow);
  state.wake();
}
