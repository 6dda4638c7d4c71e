/**
 * Durations in buckets that grow by a quarter: bucket 0 holds up to 1 ms, bucket i up to 1.25^i ms, 82 reaches to 24.6 h and 83
 * holds all beyond. The layout is stored and sent: it never changes, so that any histograms can be added.
 */
export const HISTOGRAM_BUCKETS = 84;

const GROWTH = 1.25;
const LAST = HISTOGRAM_BUCKETS - 1;
const BOUNDS: readonly number[] = Array.from({ length: LAST }, (_, index) => GROWTH ** index);

/** Buckets of whole milliseconds that occur most. */
const SHORT = Uint8Array.from({ length: 4_096 }, (_, ms) => findBucket(ms));

/** The bucket of a duration in ms; what is no number counts as 0. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  if (ms < SHORT.length && Number.isInteger(ms)) return SHORT[ms] as number;
  return findBucket(ms);
}

function findBucket(ms: number): number {
  let low = 0;
  let high = LAST;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ms <= (BOUNDS[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A histogram without its empty buckets. */
export interface PackedHistogram {
  /** Indexes of buckets, rising, and beside them their counts. */
  readonly at: readonly number[];
  readonly n: readonly number[];
  readonly sumMs: number;
}

/** A histogram that is being counted. */
export class Histogram {
  readonly counts = new Uint32Array(HISTOGRAM_BUCKETS);
  sumMs = 0;
  total = 0;

  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sumMs += Math.max(ms, 0);
    this.total++;
  }

  /** @param by 1 to add, −1 to take away what was added before. */
  merge(other: PackedHistogram | undefined, by = 1): void {
    if (other === undefined) return;
    for (const [place, bucket] of other.at.entries()) {
      const count = by * (other.n[place] ?? 0);
      this.counts[bucket] = (this.counts[bucket] as number) + count;
      this.total += count;
    }
    this.sumMs += by * other.sumMs;
    if (this.total === 0) this.sumMs = 0;
  }

  /** Undefined when nothing was counted. */
  pack(): PackedHistogram | undefined {
    if (this.total === 0) return undefined;
    const at: number[] = [];
    const n: number[] = [];
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
      const count = this.counts[bucket] as number;
      if (count === 0) continue;
      at.push(bucket);
      n.push(count);
    }
    return { at, n, sumMs: this.sumMs };
  }

  clear(): void {
    if (this.total === 0) return;
    this.counts.fill(0);
    this.sumMs = 0;
    this.total = 0;
  }

  get meanMs(): number | undefined {
    return this.total === 0 ? undefined : this.sumMs / this.total;
  }

  /** The middle of the bucket in which the share `q` (0–1) of the durations has been reached; at most 12 % off. */
  quantile(q: number): number | undefined {
    if (this.total <= 0) return undefined;
    const rank = Math.max(q * this.total, Number.MIN_VALUE);
    let below = 0;
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
      below += this.counts[bucket] as number;
      if (below >= rank) return middleOf(bucket);
    }
    return middleOf(LAST);
  }
}

function middleOf(bucket: number): number {
  if (bucket === 0) return 0.5;
  return GROWTH ** (bucket === LAST ? LAST - 1 : bucket - 0.5);
}
