import type { Logger } from "../../runtime/logger.ts";
import type { AttemptFailure, EngineState } from "../engine/state.ts";
import { AT, type PackedBucket } from "../kernel/stats/bucket.ts";
import type { SystemView } from "../kernel/stats/view.ts";
import { ACTIVITY, ActivityLog } from "./activity-log.ts";
import { Board } from "./board.ts";
import type { Cells } from "./cells.ts";
import type { FailureBook } from "./failure-book.ts";
import { FAILURES } from "./key.ts";
import { makeView } from "./make-view.ts";
import { Others } from "./others.ts";
import { recallProblems, recallTracks } from "./recall.ts";
import { RollupWriter } from "./rollup-writer.ts";
import { newOwner, Sampler } from "./sampler.ts";
import { Samples } from "./samples.ts";
import { Series } from "./series.ts";
import { storeHealth } from "./store-health.ts";
import { Tracks } from "./tracks.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GROUPS = 1_000;
const ROWS = 50_000;

/** What the coordinator knows of how things go. */
export interface Stats {
  readonly sampler: Sampler;
  /** The whole system, of all coordinators. */
  readonly board: Board;
  /** What the other coordinators are told, and what they tell. */
  readonly samples: Samples;
  readonly others: Others;
  readonly series: Series;
  readonly failures: FailureBook;
  readonly activity: ActivityLog;
  /** What waits and runs at this coordinator alone. */
  ownView(): SystemView;
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
  const tracks = new Tracks();
  const owner = newOwner();
  const others = new Others(state.clock, failures, activity);
  const board = new Board({ state, tracks, failures, activity, others });
  const samples = new Samples(state, owner, failures, activity);
  const sampler = new Sampler({ state, cells, tracks, failures, writer, owner, board, samples });
  try {
    const now = state.clock.now();
    await activity.load();
    board.deploys.load(await activity.read([ACTIVITY.deploy], null, 1_000));
    await loadFailures(state, failures);
    const { since = board.knownSince, until } = await recallTracks(stats, tracks, queuesOf(state), now);
    board.knownSince = since;
    others.skipUntil(until);
    board.recall(recallProblems(await activity.read([ACTIVITY.problem], now - DAY_MS, 1_000), state.clock.now()));
  } catch (error) {
    logger.warn({ error: (error as Error).message }, "what was known of the last day was not read");
  }
  activity.note(system("coordinator.start", `A coordinator of version ${version} started.`, version));
  sampler.start();
  return {
    ...{ sampler, board, samples, others, failures, activity },
    series: new Series({ stats, sampler, tracks, owner, board }),
    ownView() {
      if (board.isAlone) return board.view;
      const { gauges: queues, workers } = sampler;
      const parts = { at: state.clock.now(), tracks, queues, workers, slower: [], store: storeHealth(state) };
      return makeView(state, { ...parts, knownMs: DAY_MS });
    },
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

/** Every queue that a setting or a task has named. */
function queuesOf({ queues, lanes }: EngineState): Set<string> {
  const names = new Set(queues.keys());
  for (const { key } of lanes.values()) names.add(key.queue);
  return names;
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
