import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { PackedBucket } from "../kernel/stats/bucket.ts";
import { Histogram } from "../kernel/stats/histogram.ts";
import type { SlowerView } from "../kernel/stats/view.ts";
import type { ActivityRow, StatsStore } from "../ports/stats-store.ts";
import { ACTIVITY } from "./activity-log.ts";
import type { Track } from "./track.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const ROWS = 50_000;
/** Runs in the last hour, and in the week before, below which nothing is said. */
const FEWEST_RUNS = 50;
/** Times the 95th percentile of before at which a type is shown. */
const SHOWN_TIMES = 1.5;
const SHOWN = 5;

/** How long types used to run: the week before the last hour, read once an hour. */
export class Baselines {
  readonly #stats: StatsStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #runs = new Map<string, Histogram>();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading = false;

  constructor(stats: StatsStore, clock: Clock, logger: Logger) {
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Types that run slower than in the week before, worst first. */
  compare(types: readonly Track[], marks: readonly ActivityRow[]): SlowerView[] {
    this.#consider();
    const slower: SlowerView[] = [];
    for (const { type, hourRuns } of types) {
      const before = this.#runs.get(type ?? "");
      const p95Ms = hourRuns.quantile(0.95);
      const baselineP95Ms = before?.quantile(0.95);
      if (before === undefined || p95Ms === undefined || baselineP95Ms === undefined) continue;
      if (hourRuns.total < FEWEST_RUNS || before.total < FEWEST_RUNS || p95Ms < SHOWN_TIMES * baselineP95Ms) continue;
      const version = newestVersion(marks, this.#clock.now() - HOUR_MS);
      slower.push({ type: type ?? "", p95Ms, baselineP95Ms, runs: hourRuns.total, version });
    }
    return slower.sort((a, b) => b.p95Ms / b.baselineP95Ms - a.p95Ms / a.baselineP95Ms).slice(0, SHOWN);
  }

  #consider(): void {
    const now = this.#clock.now();
    if (this.#reading || Math.abs(now - this.#readAt) < HOUR_MS) return;
    this.#reading = true;
    this.#readAt = now;
    void this.#read(now)
      .catch((error: Error) => this.#logger.warn({ error: error.message }, "run times of the week were not read"))
      .finally(() => {
        this.#reading = false;
      });
  }

  async #read(now: number): Promise<void> {
    const to = Math.floor(now / HOUR_MS) * HOUR_MS;
    const query = { keys: { prefix: "t/" }, resolutionMs: HOUR_MS, from: to - WEEK_MS, to, limit: ROWS };
    const runs = new Map<string, Histogram>();
    for (const { key, body } of await this.#stats.rollups(query)) {
      const type = key.slice(2);
      const histogram = runs.get(type) ?? new Histogram();
      histogram.merge((JSON.parse(body) as PackedBucket).run);
      runs.set(type, histogram);
    }
    this.#runs = runs;
  }
}

function newestVersion(marks: readonly ActivityRow[], since: number): string {
  const mark = marks.findLast(({ kind, at }) => kind === ACTIVITY.deploy && at >= since);
  return mark === undefined ? "" : ((JSON.parse(mark.detail) as { version?: string }).version ?? "");
}
