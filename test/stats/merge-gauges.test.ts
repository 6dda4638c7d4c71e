import { expect, test } from "@jest/globals";
import type { PoolGauge, QueueGauge, WorkerGauges } from "../../coordinator/stats/gauges.ts";
import { mergeQueues, mergeWorkers } from "../../coordinator/stats/merge-gauges.ts";
import { decodeSample, encodeSample, type Sample } from "../../coordinator/stats/sample.ts";
import { LIMITS } from "../../proto/limits.ts";

const gauge = (init: Partial<QueueGauge>): QueueGauge => ({
  ...{ queue: "mail", paused: false, full: false, ready: 0, throttled: 0, scheduled: 0, retrying: 0, running: 0 },
  ...{ blocked: 0, readySince: 0, unserved: 0, ...init },
});

const pool = (init: Partial<PoolGauge> = {}): PoolGauge => ({
  ...{ pool: "default", workers: 1, draining: 0, disconnected: 0, slots: 10, slotsUsed: 0, heartbeatAgeMs: 0 },
  ...{ versions: new Map([["1.0", 1]]), ...init },
});

const workers = (pools: readonly PoolGauge[], more: Partial<WorkerGauges> = {}): WorkerGauges => ({
  pools: new Map(pools.map((one) => [one.pool, one])),
  everywhere: { workers: pools.length, slots: 10, slotsUsed: 2 },
  ...{ byQueue: new Map(), silentMs: 0, silent: "", ...more },
});

test("what waits and runs at several coordinators is added up, queue by queue", () => {
  const a = gauge({ ready: 2, scheduled: 1, running: 3, readySince: 500, unserved: 1 });
  const b = gauge({ ready: 4, retrying: 1, blocked: 2, running: 1, readySince: 400 });
  const whole = mergeQueues([[a, gauge({ queue: "only" })], [b], []]);
  expect([...whole.keys()]).toEqual(["mail", "only"]);
  expect(whole.get("mail")).toEqual(
    gauge({ ready: 6, scheduled: 1, retrying: 1, blocked: 2, running: 4, readySince: 400, unserved: 1 }),
  );
});

test("a queue is full when each has used up its share, and what is held back where it lies is not the oldest", () => {
  const full = gauge({ full: true, throttled: 5, readySince: 100 });
  const free = gauge({ ready: 1, readySince: 900 });
  expect(mergeQueues([[full], [free]]).get("mail")).toMatchObject({
    ...{ full: false, ready: 1, throttled: 5, readySince: 900 },
  });
  expect(mergeQueues([[free], [full]]).get("mail")).toMatchObject({ full: false, readySince: 900 });
  expect(mergeQueues([[full], [full]]).get("mail")).toMatchObject({ full: true, ready: 0, throttled: 10 });
  expect(mergeQueues([[gauge({ paused: true, ready: 3, readySince: 1 })], [free]]).get("mail")).toMatchObject({
    ...{ paused: true, ready: 4 },
  });
});

test("a worker with a session at each is one worker with its slots once; what it runs is added up", () => {
  const a = workers([pool({ slotsUsed: 3, heartbeatAgeMs: 10 })], { silentMs: 10, silent: "one" });
  const b = workers([pool({ slotsUsed: 4, heartbeatAgeMs: 90 })], { silentMs: 90, silent: "two" });
  const whole = mergeWorkers([a, b], []);
  expect(whole.pools.get("default")).toEqual(pool({ slotsUsed: 7, heartbeatAgeMs: 90 }));
  expect(whole).toMatchObject({ everywhere: { workers: 1, slots: 10, slotsUsed: 4 }, silentMs: 90, silent: "two" });
});

test("workers that ask one coordinator again and again count beside those of the others", () => {
  const streams = workers([pool({ slots: 10, slotsUsed: 1 })]);
  const polls = workers([pool({ slots: 4, slotsUsed: 2, versions: new Map([["0.9", 1]]) })], {
    byQueue: new Map([["mail", { workers: 1, slots: 4, slotsUsed: 2 }]]),
  });
  const whole = mergeWorkers([streams, streams], [polls, polls]);
  expect(whole.pools.get("default")).toMatchObject({ workers: 3, slots: 18, slotsUsed: 6 });
  expect([...(whole.pools.get("default")?.versions ?? [])]).toEqual([
    ["1.0", 1],
    ["0.9", 2],
  ]);
  expect(whole.byQueue.get("mail")).toEqual({ workers: 2, slots: 8, slotsUsed: 4 });
});

const sample: Sample = {
  ...{ owner: 2 ** 47, now: 1_000, begins: false, failures: [], marks: [], problem: { problem: "", awayMs: 0 } },
  cells: [["mail", "pdf", { flow: [1] }]],
  store: { at: [0], n: [2], sumMs: 3 },
  queues: [gauge({ running: 1 }), gauge({ queue: "idle" })],
  streaming: workers([pool()]),
  polling: workers([], { byQueue: new Map([["mail", { workers: 1, slots: 1, slotsUsed: 0 }]]) }),
};
const quiet: Sample = { ...sample, store: undefined, cells: [] };

test("a sample comes through as it was, without queues that hold nothing", () => {
  expect(decodeSample(encodeSample(sample))).toEqual({ ...sample, queues: [gauge({ running: 1 })] });
  expect(decodeSample(encodeSample(quiet)).store).toBeUndefined();
});

test("a sample that no message could carry leaves out what is too much", () => {
  const flow = new Array<number>(100).fill(1_000_000);
  const cells = Array.from({ length: 20_000 }, (_, n) => [`queue-${n}`, "type", { flow }] as const);
  const text = encodeSample({ ...quiet, cells });
  expect(Buffer.byteLength(text)).toBeLessThan(LIMITS.messageBytes);
  const { cells: told } = decodeSample(text);
  expect(told.length).toBeGreaterThan(1_000);
  expect(told).toEqual(cells.slice(0, told.length));
});
