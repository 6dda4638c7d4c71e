import { OTHER } from "../../runtime/label-names.ts";
import type { EngineState } from "../engine/state.ts";
import {
  badness,
  drainMs,
  neededSlots,
  type PoolView,
  type QueueView,
  type SlowerView,
  type StatesView,
  type SystemView,
  viewFlow,
  viewLatency,
} from "../kernel/stats/view.ts";
import { isHeld, type QueueGauge, type ServingGauge, type WorkerGauges } from "./gauges.ts";
import type { Track } from "./track.ts";
import type { Tracks } from "./tracks.ts";

/** A queue that holds nothing here is shown all the same, if a setting or a task ever named it, or it went well or ill lately. */
const NO_GAUGE = {
  paused: false,
  full: false,
  ready: 0,
  throttled: 0,
  scheduled: 0,
  retrying: 0,
  blocked: 0,
  running: 0,
  readySince: 0,
  unserved: 0,
};

export interface ViewParts {
  readonly at: number;
  readonly tracks: Tracks;
  readonly queues: ReadonlyMap<string, QueueGauge>;
  readonly workers: WorkerGauges;
  readonly slower: readonly SlowerView[];
  /** What is wrong with the store, "" when it is well, and for how long. */
  readonly store: { readonly problem: string; readonly awayMs: number };
  /** Seconds that the sums of the last minutes cover, at most. */
  readonly knownMs: number;
}

/** The second that has passed, in plain numbers. */
export function makeView(state: EngineState, parts: ViewParts): SystemView {
  const { at, tracks, workers } = parts;
  const queues = [...parts.queues.values(), ...unread(parts)]
    .map((gauge) => viewQueue(state, parts, gauge))
    .sort((a, b) => b.badness - a.badness || (a.queue < b.queue ? -1 : 1));
  const sum = { queue: "", ...NO_GAUGE };
  let [paused, throttled] = [0, 0];
  for (const gauge of parts.queues.values()) {
    if (gauge.paused) paused += gauge.ready;
    else {
      throttled += gauge.throttled;
      sum.ready += gauge.ready;
      sum.unserved += gauge.unserved;
      if (!gauge.full && gauge.readySince > 0 && (sum.readySince === 0 || gauge.readySince < sum.readySince))
        sum.readySince = gauge.readySince;
    }
    sum.scheduled += gauge.scheduled;
    sum.retrying += gauge.retrying;
    sum.blocked += gauge.blocked;
    sum.running += gauge.running;
  }
  const serving = { workers: 0, slots: 0, slotsUsed: 0 };
  for (const pool of workers.pools.values()) {
    serving.workers += pool.workers - pool.draining - pool.disconnected;
    serving.slots += pool.slots;
    serving.slotsUsed += pool.slotsUsed;
  }
  return {
    at,
    totals: viewTrack(parts, sum, { ...NO_HOLD, waiting: paused, throttled }, tracks.all, serving),
    queues,
    pools: [...workers.pools.values()].map(viewPool).sort((a, b) => (a.pool < b.pool ? -1 : 1)),
    silentMs: workers.silentMs,
    silentWorker: workers.silent,
    leaseTtlMs: state.config.leaseTtlMs,
    store: viewLatency(tracks.all.five.store),
    storeProblem: parts.store.problem,
    storeAwayMs: parts.store.awayMs,
    slower: parts.slower,
  };
}

/** Queues whose tasks came and went between two readings, or at another coordinator. */
function unread({ tracks, queues }: ViewParts): QueueGauge[] {
  const found: QueueGauge[] = [];
  for (const { queue, type } of tracks)
    if (queue !== null && type === null && queue !== OTHER && !queues.has(queue)) found.push({ queue, ...NO_GAUGE });
  return found;
}

function viewQueue(state: EngineState, parts: ViewParts, gauge: QueueGauge): QueueView {
  const row = state.queues.get(gauge.queue);
  const paused = row?.paused ?? false;
  const { everywhere, byQueue } = parts.workers;
  const own = byQueue.get(gauge.queue);
  const serving = {
    workers: everywhere.workers + (own?.workers ?? 0),
    slots: everywhere.slots + (own?.slots ?? 0),
    slotsUsed: everywhere.slotsUsed + (own?.slotsUsed ?? 0),
  };
  const limit = state.rooms.get(gauge.queue)?.limit ?? 0;
  const [waiting, throttled] = paused ? [gauge.ready + gauge.throttled, 0] : [0, gauge.throttled];
  const held = { paused, note: row?.pauseNote ?? "", at: row?.pausedAt ?? 0, waiting, limit, throttled };
  const shown = isHeld(gauge) ? { ...gauge, ready: 0, readySince: 0, unserved: 0 } : gauge;
  return viewTrack(parts, shown, held, parts.tracks.of(gauge.queue, null), serving);
}

/** What operators have set to hold a queue back. */
interface Hold {
  readonly paused: boolean;
  readonly note: string;
  readonly at: number;
  /** Tasks that would be ready without the pause. */
  readonly waiting: number;
  /** Attempts that may run at a time; 0: no limit. */
  readonly limit: number;
  /** Tasks that would be ready without the limit. */
  readonly throttled: number;
}

const NO_HOLD: Hold = { paused: false, note: "", at: 0, waiting: 0, limit: 0, throttled: 0 };

function viewTrack(parts: ViewParts, gauge: QueueGauge, hold: Hold, track: Track, serving: ServingGauge): QueueView {
  const { five } = track;
  const seconds = Math.max(Math.min(300, parts.knownMs / 1_000), 1);
  const inPerSecond = five.count("submitted") / seconds;
  const outPerSecond = five.ended / seconds;
  const starts = (five.count("submitted") + five.count("retried")) / seconds;
  const states: StatesView = {
    ready: gauge.ready,
    scheduled: gauge.scheduled,
    retrying: gauge.retrying,
    blocked: gauge.blocked,
    paused: hold.waiting,
    throttled: hold.throttled,
    running: gauge.running,
  };
  const view = {
    queue: gauge.queue,
    paused: hold.paused,
    pauseNote: hold.note,
    pausedAt: hold.at,
    limit: hold.limit,
    states,
    oldestReadyMs: gauge.readySince === 0 ? undefined : Math.max(parts.at - gauge.readySince, 0),
    unserved: gauge.unserved,
    inPerMinute: track.inPerMinute,
    outPerMinute: track.outPerMinute,
    ended10: track.ended10(),
    failed10: track.failed10(),
    flow5: viewFlow(five),
    wait: viewLatency(five.wait),
    run: viewLatency(five.run),
    ...serving,
    drainMs: drainMs(gauge.ready, inPerSecond, outPerSecond),
    pressure: five.ended === 0 ? undefined : five.count("submitted") / five.ended,
    neededSlots: neededSlots(starts, five.run.meanMs),
  };
  return { ...view, badness: badness(view) };
}

function viewPool(pool: WorkerGauges["pools"] extends Map<string, infer P> ? P : never): PoolView {
  return { ...pool, versions: Object.fromEntries(pool.versions) };
}
