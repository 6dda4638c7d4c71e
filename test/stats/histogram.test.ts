import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Bucket, GAUGE, isIdle } from "../../coordinator/kernel/stats/bucket.ts";
import { bucketOf, HISTOGRAM_BUCKETS, Histogram } from "../../coordinator/kernel/stats/histogram.ts";

describe("buckets", () => {
  test("a duration lies above the bound before its bucket and at or below its own", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        const bucket = bucketOf(ms);
        if (bucket < HISTOGRAM_BUCKETS - 1) expect(ms).toBeLessThanOrEqual(1.25 ** bucket);
        if (bucket > 0) expect(ms).toBeGreaterThan(1.25 ** (bucket - 1));
      }),
    );
  });

  test("every bound belongs to its own bucket, and what is beyond all of them to the last", () => {
    for (let bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) expect(bucketOf(1.25 ** bucket)).toBe(bucket);
    expect(bucketOf(1.25 ** 82 * 1.01)).toBe(83);
    expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(83);
    for (const odd of [0, -5, 1, Number.NaN]) expect(bucketOf(odd)).toBe(0);
  });
});

describe("quantiles", () => {
  const exact = (sorted: readonly number[], q: number) =>
    sorted[Math.max(Math.ceil(q * sorted.length) - 1, 0)] as number;

  test("are at most 12 % off, also of merged histograms", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 2, max: 80_000_000 }), { minLength: 1, maxLength: 200 }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1),
        (parts, q) => {
          const merged = new Histogram();
          for (const part of parts) {
            const own = new Histogram();
            for (const ms of part) own.add(ms);
            merged.merge(JSON.parse(JSON.stringify(own.pack())));
          }
          const all = parts.flat().sort((a, b) => a - b);
          const wanted = exact(all, q);
          const got = merged.quantile(q) as number;
          expect(Math.abs(got - wanted) / wanted).toBeLessThan(0.12);
          expect(merged.meanMs).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 3);
        },
      ),
    );
  });

  test("of nothing are not there", () => {
    expect(new Histogram().quantile(0.5)).toBeUndefined();
    expect(new Histogram().meanMs).toBeUndefined();
    expect(new Histogram().pack()).toBeUndefined();
  });

  test("what was added can be taken away again", () => {
    const histogram = new Histogram();
    for (const ms of [3, 50, 50, 9_000]) histogram.add(ms);
    const first = histogram.pack();
    histogram.add(777);
    const second = new Histogram();
    second.add(777);
    histogram.merge(second.pack(), -1);
    expect(histogram.pack()).toEqual(first);
    histogram.merge(first, -1);
    expect(histogram.pack()).toBeUndefined();
  });
});

describe("a bucket", () => {
  test("is kept without what is zero, and read back as it was", () => {
    const bucket = new Bucket();
    expect(bucket.pack()).toEqual({});
    bucket.flow[3] = 7;
    bucket.run.add(40);
    const again = new Bucket();
    again.merge(JSON.parse(JSON.stringify(bucket.pack())));
    expect(again.pack()).toEqual(bucket.pack());
    expect(again.count("succeeded")).toBe(7);
    expect(again.ended).toBe(7);
  });

  test("adds samples and keeps the greatest age", () => {
    const bucket = new Bucket();
    const sample = (ready: number, oldest: number) => {
      const gauges = new Array<number>(8).fill(0);
      gauges[GAUGE.samples] = 1;
      gauges[GAUGE.ready] = ready;
      gauges[GAUGE.oldestMs] = oldest;
      return gauges;
    };
    bucket.sample(sample(4, 900));
    bucket.sample(sample(6, 300));
    expect(bucket.gauges[GAUGE.ready]).toBe(10);
    expect(bucket.gauges[GAUGE.samples]).toBe(2);
    expect(bucket.gauges[GAUGE.oldestMs]).toBe(900);
  });

  test("is idle when nothing moved and nothing was there", () => {
    expect(isIdle({})).toBe(true);
    expect(isIdle({ gauges: [1, 0, 0, 0, 5, 2, 1, 0] })).toBe(true);
    expect(isIdle({ gauges: [1, 0, 0, 3] })).toBe(false);
    expect(isIdle({ flow: [1] })).toBe(false);
  });
});
