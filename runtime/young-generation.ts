import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Size from which it grows no more. */
const ENOUGH_BYTES = 20 * 1024 * 1024;

/**
 * Keeps the young generation of the heap at about 32 MiB. V8 doubles it as often as much survives in it, up to about 100 MiB
 * of resident memory, which a process whose tasks all live a while pays for nothing: measured, no task costs less CPU
 * (docs/benchmarks.md). The flag for it (`--max-semi-space-size`) counts only before a program starts, and wins over this.
 */
export function boundYoungGeneration(): void {
  const given = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (/max[-_]semi[-_]space[-_]size/.test(given)) return;
  // It grows at a collection: to look after each is to see every step.
  const look = new PerformanceObserver(() => {
    if (youngBytes() < ENOUGH_BYTES) return;
    look.disconnect();
    // The factor by which it grows is read each time.
    setFlagsFromString("--semi-space-growth-factor=1");
  });
  look.observe({ entryTypes: ["gc"] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0;
}
