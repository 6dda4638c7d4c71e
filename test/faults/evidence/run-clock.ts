import { readFileSync } from "node:fs";

/**
 * Milliseconds since this machine was started, of the clock that commands read from /proc/uptime: one clock for every
 * witness, which nobody sets. Its readings by commands are 10 ms coarse.
 */
export const now: () => number = (() => {
  let offset = uptimeMs() - performance.now();
  return () => {
    // The file shows the time cut to hundredths; the largest difference that was ever seen is the nearest.
    offset = Math.max(offset, uptimeMs() - performance.now());
    return performance.now() + offset;
  };
})();

/** How far two witnesses may differ about one moment, ms. */
export const CLOCK_GRAIN_MS = 30;

function uptimeMs(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1_000);
}
