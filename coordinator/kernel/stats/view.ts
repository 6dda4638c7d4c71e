import type { Bucket, FlowName } from "./bucket.ts";
import type { Histogram } from "./histogram.ts";

/** The system at one second, in plain numbers: what rules and pages are made of. Durations are milliseconds. */
export interface SystemView {
  readonly at: number;
  readonly totals: QueueView;
  /** Worst first. */
  readonly queues: readonly QueueView[];
  readonly pools: readonly PoolView[];
  /** The worker that has been silent for longest. */
  readonly silentMs: number;
  readonly silentWorker: string;
  readonly leaseTtlMs: number;
  /** Flushes of the last minute; what is wrong with the store now, "" when it is well, and for how long. */
  readonly store: LatencyView;
  readonly storeProblem: string;
  readonly storeAwayMs: number;
  /** Types that run slower than they did. */
  readonly slower: readonly SlowerView[];
}

export interface LatencyView {
  readonly count: number;
  readonly meanMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface StatesView {
  readonly ready: number;
  readonly scheduled: number;
  readonly retrying: number;
  /** By locks that others hold. */
  readonly blocked: number;
  readonly paused: number;
  readonly throttled: number;
  readonly running: number;
}

export interface QueueView {
  /** "" for all queues together. */
  readonly queue: string;
  readonly paused: boolean;
  readonly pauseNote: string;
  readonly pausedAt: number;
  /** Attempts that may run at a time; 0: no limit. */
  readonly limit: number;
  readonly states: StatesView;
  readonly oldestReadyMs: number | undefined;
  /** Ready tasks that no connected worker could take. */
  readonly unserved: number;
  readonly inPerMinute: number;
  readonly outPerMinute: number;
  /** Tasks that ended in the last 10 min, and those that failed. */
  readonly ended10: number;
  readonly failed10: number;
  /** Of the last 5 min. */
  readonly flow5: Readonly<Record<FlowName, number>>;
  readonly wait: LatencyView;
  readonly run: LatencyView;
  readonly workers: number;
  readonly slots: number;
  readonly slotsUsed: number;
  /** Undefined with a backlog: never at this rate. */
  readonly drainMs: number | undefined;
  readonly pressure: number | undefined;
  readonly neededSlots: number | undefined;
  readonly badness: number;
}

export interface PoolView {
  readonly pool: string;
  readonly workers: number;
  readonly draining: number;
  readonly disconnected: number;
  readonly slots: number;
  readonly slotsUsed: number;
  readonly heartbeatAgeMs: number;
  readonly versions: Readonly<Record<string, number>>;
}

export interface SlowerView {
  readonly type: string;
  readonly p95Ms: number;
  readonly baselineP95Ms: number;
  readonly runs: number;
  readonly version: string;
}

export function viewLatency(histogram: Histogram): LatencyView {
  return {
    count: histogram.total,
    meanMs: histogram.meanMs,
    p50Ms: histogram.quantile(0.5),
    p95Ms: histogram.quantile(0.95),
    p99Ms: histogram.quantile(0.99),
  };
}

export function viewFlow(bucket: Bucket): Readonly<Record<FlowName, number>> {
  return {
    submitted: bucket.count("submitted"),
    started: bucket.count("started"),
    retried: bucket.count("retried"),
    succeeded: bucket.count("succeeded"),
    failed: bucket.count("failed"),
    cancelled: bucket.count("cancelled"),
    attemptsFailed: bucket.count("attemptsFailed"),
    attemptsTimedOut: bucket.count("attemptsTimedOut"),
    attemptsLost: bucket.count("attemptsLost"),
    attemptsCancelled: bucket.count("attemptsCancelled"),
  };
}

/** How long until nothing ready is left; undefined: never at this rate. @param perSecond flow in and out. */
export function drainMs(ready: number, inPerSecond: number, outPerSecond: number): number | undefined {
  if (ready === 0) return 0;
  const net = outPerSecond - inPerSecond;
  return net > 0 ? (ready / net) * 1_000 : undefined;
}

/** Share of a slot that may be busy before waits grow out of proportion. */
const BUSY_SHARE = 0.8;

/** Slots that so many starts a second take (Little's law), at 80 % use; undefined: nothing ran. */
export function neededSlots(startsPerSecond: number, meanRunMs: number | undefined): number | undefined {
  if (meanRunMs === undefined) return undefined;
  // Rounded first: 16.000000000000004 slots are 16.
  return Math.ceil(Math.round(((startsPerSecond * meanRunMs) / 1_000 / BUSY_SHARE) * 1e6) / 1e6);
}

/** An age that is worth a look. */
const SLO_MS = 60_000;

/** Larger is worse: how old the oldest ready task is, then how full the slots are, then how much fails. */
export function badness(
  view: Pick<QueueView, "oldestReadyMs" | "slots" | "slotsUsed" | "states" | "ended10" | "failed10">,
): number {
  const { oldestReadyMs = 0, slots, slotsUsed, states, ended10, failed10 } = view;
  const full = states.ready === 0 ? 0 : slots === 0 ? 1 : Math.min(slotsUsed / slots, 1);
  const failing = ended10 < 20 ? 0 : failed10 / ended10;
  return oldestReadyMs / SLO_MS + full + 2 * failing + (states.paused > 0 ? 0.5 : 0);
}
