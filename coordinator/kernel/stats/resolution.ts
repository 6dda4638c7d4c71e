/** How finely things are remembered, and for how long; milliseconds. */
export interface Resolution {
  readonly ms: number;
  readonly keptMs: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** In memory only. */
export const SECOND: Resolution = { ms: 1_000, keptMs: HOUR / 4 };

/** In the store, finest first. */
export const STORED: readonly Resolution[] = [
  { ms: 10_000, keptMs: 2 * HOUR },
  { ms: 60_000, keptMs: 7 * DAY },
  { ms: HOUR, keptMs: 400 * DAY },
];

/** The longest that anything of this kind is remembered. */
export const LONGEST_MS = 400 * DAY;

/** Lengths that a bucket of a chart may have, in seconds: round for people, and whole multiples of a resolution. */
const LENGTHS = [
  1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800,
  1_209_600, 2_592_000,
];

export interface SeriesPlan {
  readonly resolution: Resolution;
  /** Length of a bucket, ms. */
  readonly bucketMs: number;
  /** The range, widened to whole buckets. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The shortest buckets that give at most `points` of them, from the finest resolution that still has the range.
 * @param fineFrom whether the last 15 min are known by the second.
 */
export function planSeries(fromMs: number, toMs: number, nowMs: number, points: number, fineFrom: boolean): SeriesPlan {
  const kept = [...(fineFrom ? [SECOND] : []), ...STORED];
  for (const seconds of LENGTHS) {
    const bucketMs = seconds * 1_000;
    const range = align(fromMs, toMs, bucketMs);
    if ((range.toMs - range.fromMs) / bucketMs > points) continue;
    const fits = kept.filter(({ ms, keptMs }) => bucketMs % ms === 0 && nowMs - range.fromMs <= keptMs + bucketMs);
    // The coarsest that divides the bucket is the least to read, and at least as old.
    const resolution = fits.at(-1);
    if (resolution !== undefined) return { resolution, bucketMs, ...range };
  }
  // Few points over a long range; one that lies across a border needs two.
  let bucketMs = (LENGTHS.at(-1) as number) * 1_000;
  const many = () => {
    const range = align(fromMs, toMs, bucketMs);
    return (range.toMs - range.fromMs) / bucketMs > Math.max(points, 2);
  };
  while (many()) bucketMs *= 2;
  return { resolution: STORED.at(-1) as Resolution, bucketMs, ...align(fromMs, toMs, bucketMs) };
}

function align(fromMs: number, toMs: number, bucketMs: number): { readonly fromMs: number; readonly toMs: number } {
  const from = Math.floor(fromMs / bucketMs) * bucketMs;
  return { fromMs: from, toMs: Math.max(Math.ceil(toMs / bucketMs) * bucketMs, from + bucketMs) };
}
