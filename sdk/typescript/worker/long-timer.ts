/** Timers of Node end at 2^31 ms; a timeout may be 30 days. */
const LONGEST_MS = 2 ** 31 - 1;

export interface TimerSlot {
  clear(): void;
}

/** Fires once at a time of the wall clock, however far ahead. */
export function longTimer(fire: () => void, at: number): TimerSlot {
  let timer: NodeJS.Timeout;
  const wind = (): void => {
    const leftMs = at - Date.now();
    timer = leftMs <= LONGEST_MS ? setTimeout(fire, leftMs) : setTimeout(wind, LONGEST_MS);
  };
  wind();
  return { clear: () => clearTimeout(timer) };
}
