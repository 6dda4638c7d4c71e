/** Work that is done later, as the parts of TSS ask for it; the simulation puts its own order in the place of time's. */
export interface Timers {
  /**
   * Once, in `ms` or later; it does not keep the process running.
   * @returns calls it off.
   */
  after(ms: number, run: () => void): () => void;
  /** Again and again, the same way. */
  every(ms: number, run: () => void): () => void;
  /** Once, when the sockets of this turn have been read. */
  nextTurn(run: () => void): void;
}

export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
  nextTurn: (run) => void setImmediate(run),
};
