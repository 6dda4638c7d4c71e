import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Size from which it grows no more. */
const ENOUGH_BYTES = 20 * 1024 * 1024;
const LOOK_MS = 100;

/**
 * Keeps the young generation of the heap at about 32 MiB. V8 doubles it as often as much survives in it, up to about 100 MiB
 * of resident memory, which a process whose tasks all live a while pays for nothing: measured, no task costs less CPU
 * (docs/benchmarks.md). The flag for it (`--max-semi-space-size`) counts only before a program starts, and wins over this.
 */
export function boundYoungGeneration(): void {
  const given = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  if (/max[-_]semi[-_]space[-_]size/.test(given)) return;
  const look = setInterval(() => {
    if (youngBytes() < ENOUGH_BYTES) return;
    clearInterval(look);
    // The factor by which it grows is read each time.
    setFlagsFromString("--semi-space-growth-factor=1");
  }, LOOK_MS);
  look.unref();
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0;
}
