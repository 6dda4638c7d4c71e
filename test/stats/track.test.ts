import { describe, expect, test } from "@jest/globals";
import { AT } from "../../coordinator/kernel/stats/bucket.ts";
import { planSeries } from "../../coordinator/kernel/stats/resolution.ts";
import { type Closed, Track } from "../../coordinator/stats/track.ts";

const T0 = Date.UTC(2026, 5, 15, 12);

/** Lets seconds pass; in each one so many tasks come in and end. */
function run(
  track: Track,
  from: number,
  seconds: number,
  each: (second: number) => { in?: number; out?: number; runMs?: number },
) {
  const closed: Closed[] = [];
  for (let second = 0; second < seconds; second++) {
    const at = from + second * 1_000;
    if (second > 0 || from > T0) closed.push(...track.closeBuckets(at - 1_000, at));
    const { in: submitted = 0, out = 0, runMs } = each(second);
    track.second.flow[AT.submitted] = submitted;
    track.second.flow[AT.succeeded] = out;
    if (runMs !== undefined) track.second.run.add(runMs);
    track.closeSecond(at);
  }
  return closed;
}

describe("a track", () => {
  test("closes 10 s, a minute and an hour together, each the sum of what is in it", () => {
    const track = new Track("t/x", null, "x");
    const closed = run(track, T0, 3_601, () => ({ in: 2, out: 1, runMs: 10 }));
    const of = (ms: number) => closed.filter(({ resolutionMs }) => resolutionMs === ms);
    expect(of(10_000)).toHaveLength(360);
    expect(of(60_000)).toHaveLength(60);
    expect(of(3_600_000)).toHaveLength(1);
    expect(of(10_000).every(({ bucket }) => bucket.flow?.[AT.submitted] === 20)).toBe(true);
    expect(of(60_000).every(({ bucket }) => bucket.flow?.[AT.succeeded] === 60)).toBe(true);
    expect(of(3_600_000)[0]).toMatchObject({ at: T0, bucket: { flow: [7_200, 0, 0, 3_600, 0, 0, 0, 0, 0, 0] } });
    expect(of(60_000).map(({ at }) => at)).toEqual(Array.from({ length: 60 }, (_, n) => T0 + n * 60_000));
    // The second that began the next hour is in the open buckets, and nowhere twice.
    for (const ms of [10_000, 60_000, 3_600_000]) expect(track.open(ms).count("submitted")).toBe(2);
    expect(track.hourRuns.total).toBe(3_600);
  });

  test("knows the last minute by the second", () => {
    const track = new Track("", null, null);
    run(track, T0, 30, () => ({ in: 1 }));
    expect(track.inPerMinute).toBe(30);
    run(track, T0 + 30_000, 60, () => ({ out: 2 }));
    expect([track.inPerMinute, track.outPerMinute]).toEqual([0, 120]);
    // A standstill of the process: what lies behind it is forgotten all the same.
    run(track, T0 + 600_000, 1, () => ({ in: 5 }));
    expect([track.inPerMinute, track.outPerMinute]).toEqual([5, 0]);
  });

  test("forgets what is older than five and ten minutes", () => {
    const track = new Track("", null, null);
    run(track, T0, 60, () => ({ in: 1, out: 1 }));
    expect(track.five.ended).toBe(60);
    run(track, T0 + 60_000, 320, () => ({}));
    expect(track.five.ended).toBe(0);
    expect(track.ended10()).toBe(60);
    run(track, T0 + 380_000, 300, () => ({}));
    expect(track.ended10()).toBe(0);
  });

  test("after a standstill its sums are those of the time that has passed", () => {
    const track = new Track("", null, null);
    run(track, T0, 10, () => ({ out: 9 }));
    track.closeBuckets(T0 + 9_000, T0 + 3_600_000);
    expect([track.five.ended, track.ended10()]).toEqual([0, 0]);
  });
});

describe("the plan of a series", () => {
  const HOUR = 3_600_000;
  const plan = (rangeMs: number, points = 240, fine = true) => planSeries(T0 - rangeMs, T0, T0, points, fine);

  test.each([
    [HOUR / 4, 5, 1_000],
    [HOUR, 30, 10_000],
    [6 * HOUR, 120, 60_000],
    [24 * HOUR, 600, 60_000],
    [7 * 24 * HOUR, 3_600, 3_600_000],
    [400 * 24 * HOUR, 172_800, 3_600_000],
  ])("of %d ms has buckets of %d s from rows of %d ms", (range, seconds, resolution) => {
    expect(plan(range)).toMatchObject({ bucketMs: seconds * 1_000, resolution: { ms: resolution } });
  });

  test("never has more points than were asked for, is aligned, and holds the whole range", () => {
    for (let range = 60_000; range < 400 * 24 * HOUR; range = Math.floor(range * 1.7) + 1)
      for (const points of [1, 7, 240, 500]) {
        const { fromMs, toMs, bucketMs } = planSeries(T0 - range + 17, T0 + 3, T0, points, range % 2 === 0);
        expect((toMs - fromMs) / bucketMs).toBeLessThanOrEqual(Math.max(points, 2));
        expect([fromMs % bucketMs, toMs % bucketMs]).toEqual([0, 0]);
        expect(fromMs).toBeLessThanOrEqual(T0 - range + 17);
        expect(toMs).toBeGreaterThanOrEqual(T0 + 3);
      }
  });

  test("seconds are known of everything only, and of a range long ago what is left", () => {
    expect(plan(HOUR / 4, 240, false)).toMatchObject({ bucketMs: 10_000, resolution: { ms: 10_000 } });
    expect(planSeries(T0 - 24 * HOUR, T0 - 23 * HOUR, T0, 240, true)).toMatchObject({ bucketMs: 60_000 });
    expect(planSeries(T0 - 30 * 24 * HOUR, T0 - 29 * 24 * HOUR, T0, 240, true)).toMatchObject({ bucketMs: HOUR });
  });
});
