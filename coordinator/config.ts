import type { Settings } from "../runtime/settings-table.ts";
import type { EngineConfig } from "./engine/state.ts";

/** What the engine needs of the settings, with what is no setting yet. */
export function engineConfig(settings: Settings): EngineConfig {
  return {
    defaults: {
      retry: { limit: settings.TSS_RETRY_LIMIT, intervalMs: settings.TSS_RETRY_INTERVAL },
      timeoutMs: settings.TSS_TASK_TIMEOUT ?? 0,
    },
    leaseTtlMs: settings.TSS_LEASE_TTL,
    retentionMs: settings.TSS_RETENTION,
    segmentRows: settings.TSS_SEGMENT_ROWS,
    segmentAgeMs: settings.TSS_SEGMENT_AGE,
    memoryHeads: settings.TSS_MEMORY_HEADS,
    memoryBytes: settings.TSS_MEMORY_BYTES,
    inboxBytes: settings.TSS_INBOX_BYTES,
    checkpointMs: 5_000,
    horizonMs: 60_000,
    maxMoved: 10_000,
    // Within the 5 s in which a caller is promised an answer.
    awayPatienceMs: 4_000,
    // Short retentions need a janitor that comes round as often.
    janitorMs: Math.min(Math.max(settings.TSS_RETENTION / 4, 250), 60_000),
  };
}
