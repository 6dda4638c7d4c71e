const EVERY_MS = 50;

/** Watches for how long this process gets no turn: the machine's word for how late the others may be. */
export function watchStalls(): { /** The longest so far, ms. */ stop(): number } {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY_MS);
    last = now;
  }, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return longest;
    },
  };
}
