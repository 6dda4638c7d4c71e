import { Actor } from "../../runtime/actor.ts";
import type { Logger } from "../../runtime/logger.ts";
import { STORED } from "../kernel/stats/resolution.ts";
import type { FailureGroupRow, RollupRow, StatsStore } from "../ports/stats-store.ts";

/** Batches that may wait for a store that is away: what comes beyond is a gap in a chart. */
const WAITING = 60;
const PRUNE_ROWS = 5_000;
const ACTIVITY_KEPT_MS = 400 * 86_400_000;
const ACTIVITY_ROWS = 1_000_000;
const FAILURES_KEPT_MS = 90 * 86_400_000;

export type Work =
  | { readonly kind: "save"; readonly rollups: readonly RollupRow[]; readonly failures: readonly FailureGroupRow[] }
  | { readonly kind: "prune"; readonly now: number };

/** Writes what the sampler closes, apart from it: a slow store never holds up a sample. */
export class RollupWriter {
  readonly #actor: Actor<Work>;
  readonly #logger: Logger;
  #failing = false;

  constructor(stats: StatsStore, logger: Logger) {
    this.#logger = logger;
    this.#actor = new Actor<Work>({
      name: "rollup writer",
      capacity: WAITING,
      handle: async (work) => {
        try {
          await carryOut(stats, work);
          this.#failing = false;
        } catch (error) {
          if (!this.#failing) logger.warn({ error: (error as Error).message }, "statistics were not written");
          this.#failing = true;
        }
      },
    });
  }

  tell(work: Work): void {
    if (!this.#actor.tell(work)) this.#logger.warn({ kind: work.kind }, "statistics were dropped: the store is slow");
  }

  /** Writes what waits. */
  stop(): Promise<void> {
    return this.#actor.stop();
  }
}

async function carryOut(stats: StatsStore, work: Work): Promise<void> {
  if (work.kind === "save") {
    await stats.saveRollups(work.rollups);
    await stats.addFailures(work.failures);
    return;
  }
  for (const { ms, keptMs } of STORED) await stats.pruneRollups(ms, work.now - keptMs, PRUNE_ROWS);
  await stats.pruneFailures(work.now - FAILURES_KEPT_MS, PRUNE_ROWS);
  await stats.pruneActivity(work.now - ACTIVITY_KEPT_MS, ACTIVITY_ROWS, PRUNE_ROWS);
}
