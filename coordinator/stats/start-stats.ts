import type { Logger } from "../../runtime/logger.ts";
import type { AttemptFailure, EngineState } from "../engine/state.ts";
import { AT, type PackedBucket } from "../kernel/stats/bucket.ts";
import { ACTIVITY, ActivityLog } from "./activity-log.ts";
import type { Cells } from "./cells.ts";
import type { FailureBook } from "./failure-book.ts";
import { FAILURES } from "./key.ts";
import { RollupWriter } from "./rollup-writer.ts";
import { Sampler } from "./sampler.ts";
import { Series } from "./series.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GROUPS = 1_000;
const ROWS = 50_000;

/** What the coordinator knows of how things go. */
export interface Stats {
  readonly sampler: Sampler;
  readonly series: Series;
  readonly failures: FailureBook;
  readonly activity: ActivityLog;
  /** Writes what is counted and not stored. */
  stop(): Promise<void>;
}

/** Reads back what a restart must not forget, and begins to look. A store that cannot be read costs the past, not the start. */
export async function startStats(
  state: EngineState,
  cells: Cells,
  failures: FailureBook,
  logger: Logger,
  version: string,
): Promise<Stats> {
  const { stats } = state.store;
  const activity = new ActivityLog(stats, state.clock, logger);
  const writer = new RollupWriter(stats, logger);
  const sampler = new Sampler({ state, cells, failures, activity, writer });
  try {
    await activity.load();
    const query = { before: 0, limit: 1_000, kinds: [ACTIVITY.deploy], keyId: "", subject: "", from: null, to: null };
    sampler.deploys.load(await stats.activity(query));
    await loadFailures(state, failures);
  } catch (error) {
    logger.warn({ error: (error as Error).message }, "what was known of the last day was not read");
  }
  activity.note(system("coordinator.start", `A coordinator of version ${version} started.`, version));
  sampler.start();
  return {
    ...{ sampler, failures, activity },
    series: new Series(stats, sampler),
    async stop() {
      sampler.stop();
      // Who was taken over from writes nothing more.
      if (state.stopped !== null) return;
      sampler.keep();
      activity.note(system("coordinator.stop", "A coordinator stopped.", version));
      await activity.close();
      await writer.stop();
    },
  };
}

function system(action: string, summary: string, version: string) {
  return { kind: ACTIVITY.system, action, subject: "system", summary, detail: { version } };
}

async function loadFailures(state: EngineState, failures: FailureBook): Promise<void> {
  const now = state.clock.now();
  const { stats } = state.store;
  const from = Math.floor((now - DAY_MS) / HOUR_MS) * HOUR_MS;
  const query = { keys: { prefix: FAILURES }, resolutionMs: HOUR_MS, from, to: now + HOUR_MS, limit: ROWS };
  const hours = (await stats.rollups(query)).map(({ key, at, body }) => {
    const { flow = [] } = JSON.parse(body) as PackedBucket;
    const tally = { attempts: flow[AT.attemptsFailed] ?? 0, tasks: flow[AT.failed] ?? 0 };
    return { fingerprint: key.slice(FAILURES.length), at, tally };
  });
  // Oldest first: the one that is forgotten first stands first.
  failures.load((await stats.failureGroups(now - 30 * DAY_MS, GROUPS)).toReversed(), hours);
}

/** The engine's word for a failed attempt, as the book keeps it. */
export function noteFailure(failures: FailureBook, state: EngineState, failure: AttemptFailure): void {
  const { queue, type, reason, error, exitCode, signal, version, last, name, task } = failure;
  failures.note(
    {
      ...{ queue, type, reason, exitCode, signal, version, last },
      errorType: error?.type ?? "",
      message: error?.message ?? "",
      name,
      taskId: () => state.ids.encode(task),
    },
    state.clock.now(),
  );
}
