import type { EngineConfig } from "../../coordinator/engine/state.ts";

/** An engine of the tests, where a test does not say otherwise. */
export const TEST_CONFIG: EngineConfig = {
  defaults: { retry: { limit: 0, intervalMs: 10 }, timeoutMs: 0 },
  // A busy machine takes its time; who tests silence sets a shorter term.
  leaseTtlMs: 10_000,
  retentionMs: 3_600_000,
  segmentRows: 1_000_000,
  segmentAgeMs: 3_600_000,
  memoryHeads: 200_000,
  memoryBytes: 64 * 1024 * 1024,
  inboxBytes: 32 * 1024 * 1024,
  checkpointMs: 200,
  horizonMs: 60_000,
  maxMoved: 10_000,
  janitorMs: 100,
  awayPatienceMs: 60_000,
};
