/** Time as the parts of TSS see it; tests and the simulation put their own in its place. */
export interface Clock {
  /** Wall clock in ms since 1970, for what people read and for run_at. */
  now(): number;
  /** Monotonic ms, for every deadline and lease. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
