import type { EngineState } from "./state.ts";

/**
 * A promise that somebody else settles, unless the engine stops first.
 * @throws TssError UNAVAILABLE when it has stopped.
 */
export function orStopped<T>(state: EngineState, start: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (state.stopped !== null) return reject(state.stopped);
    state.onStop.add(reject);
    start((value) => {
      state.onStop.delete(reject);
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
