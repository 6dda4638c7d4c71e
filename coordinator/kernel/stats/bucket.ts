import { Histogram, type PackedHistogram } from "./histogram.ts";

/** What is counted as tasks go by. The order is stored: append only. */
export const FLOW = [
  "submitted",
  "started",
  "retried",
  "succeeded",
  "failed",
  "cancelled",
  "attemptsFailed",
  "attemptsTimedOut",
  "attemptsLost",
  "attemptsCancelled",
] as const;

export type FlowName = (typeof FLOW)[number];

/** Place of each count. */
export const AT = Object.fromEntries(FLOW.map((name, place) => [name, place])) as Readonly<Record<FlowName, number>>;

/** What is read once a second. All but the last are sums over the samples. The order is stored: append only. */
export const GAUGES = ["samples", "ready", "running", "held", "slots", "slotsUsed", "workers", "oldestMs"] as const;

export type GaugeName = (typeof GAUGES)[number];

export const GAUGE = Object.fromEntries(GAUGES.map((name, place) => [name, place])) as Readonly<
  Record<GaugeName, number>
>;

/** A stretch of time as it is kept and stored (as JSON). What is missing is zero. */
export interface PackedBucket {
  readonly flow?: readonly number[];
  readonly gauges?: readonly number[];
  readonly wait?: PackedHistogram;
  readonly run?: PackedHistogram;
  readonly store?: PackedHistogram;
}

/** A stretch of time that is being counted. Buckets of different coordinators, queues and times can be added. */
export class Bucket {
  readonly flow = new Float64Array(FLOW.length);
  readonly gauges = new Float64Array(GAUGES.length);
  readonly wait = new Histogram();
  readonly run = new Histogram();
  readonly store = new Histogram();

  /** @param by 1 to add, −1 to take away flow and histograms; the greatest age cannot be taken away. */
  merge(other: PackedBucket, by = 1): void {
    for (const [place, count] of (other.flow ?? []).entries())
      this.flow[place] = (this.flow[place] as number) + by * count;
    if (other.gauges !== undefined && by === 1) this.sample(other.gauges);
    this.wait.merge(other.wait, by);
    this.run.merge(other.run, by);
    this.store.merge(other.store, by);
  }

  sample(gauges: readonly number[]): void {
    for (const [place, value] of gauges.entries())
      this.gauges[place] =
        place === GAUGE.oldestMs
          ? Math.max(this.gauges[place] as number, value)
          : (this.gauges[place] as number) + value;
  }

  pack(): PackedBucket {
    return packed(this.flow, this.gauges, this.wait, this.run, this.store);
  }

  clear(): void {
    this.flow.fill(0);
    this.gauges.fill(0);
    this.wait.clear();
    this.run.clear();
    this.store.clear();
  }

  count(name: FlowName): number {
    return this.flow[AT[name]] as number;
  }

  /** Tasks that ended. */
  get ended(): number {
    return this.count("succeeded") + this.count("failed") + this.count("cancelled");
  }
}

/** Counts without what is zero. */
export function packed(
  flow: Float64Array,
  gauges: Float64Array,
  wait: Histogram,
  run: Histogram,
  store: Histogram,
): PackedBucket {
  const parts: { -readonly [K in keyof PackedBucket]: PackedBucket[K] } = {};
  if (flow.some((count) => count !== 0)) parts.flow = [...flow];
  if (gauges.some((value) => value !== 0)) parts.gauges = [...gauges];
  for (const [name, histogram] of [["wait", wait] as const, ["run", run] as const, ["store", store] as const]) {
    const filled = histogram.pack();
    if (filled !== undefined) parts[name] = filled;
  }
  return parts;
}

/** Whether nothing happened and nothing was there. */
export function isIdle(bucket: PackedBucket): boolean {
  if (bucket.flow !== undefined || bucket.wait !== undefined || bucket.run !== undefined) return false;
  const gauges = bucket.gauges ?? [];
  return (["ready", "running", "held"] as const).every((name) => !gauges[GAUGE[name]]);
}
