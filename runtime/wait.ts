/** Longest delay one timer of Node can have. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for `ms`, or less when `signal` is aborted. Never rejects.
 * @returns true when the time has passed, false when the signal came first.
 */
export async function abortableWait(ms: number, signal?: AbortSignal): Promise<boolean> {
  for (let left = ms; left > 0 || left === ms; left -= LONGEST_TIMER_MS)
    if (!(await waitOnce(Math.min(left, LONGEST_TIMER_MS), signal))) return false;
  return true;
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/**
 * The value of `promise`, or undefined when `ms` have passed before it settles; the promise goes on unwatched.
 * @throws what `promise` is rejected with in time.
 */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const settled = new AbortController();
  promise.then(
    () => settled.abort(),
    () => settled.abort(),
  );
  const late = await abortableWait(ms, settled.signal);
  return late ? undefined : promise;
}

function waitOnce(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve(true);
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
