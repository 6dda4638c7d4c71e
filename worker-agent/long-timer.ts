/** Node fires a timer of more than 2³¹−1 ms at once; timeouts of tasks reach 30 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `due` after `milliseconds`, however many. Returns what ends the timer. */
export function startLongTimer(milliseconds: number, due: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    timer = setTimeout(() => (leftMs > LONGEST_MS ? wait(leftMs - LONGEST_MS) : due()), Math.min(leftMs, LONGEST_MS));
  };
  wait(milliseconds);
  return () => clearTimeout(timer);
}
