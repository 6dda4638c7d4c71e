import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { AT, FLOW, type PackedBucket } from "../../coordinator/kernel/stats/bucket.ts";
import { FailureBook } from "../../coordinator/stats/failure-book.ts";
import type { WorkerGauges } from "../../coordinator/stats/gauges.ts";
import { Others } from "../../coordinator/stats/others.ts";
import { recallProblems } from "../../coordinator/stats/recall.ts";
import { decodeSample, type Sample } from "../../coordinator/stats/sample.ts";
import { Samples } from "../../coordinator/stats/samples.ts";
import { Tracks } from "../../coordinator/stats/tracks.ts";
import { WatchSamplesResponseSchema } from "../../proto/gen/tss/v1/peer_service_pb.js";

/** What several coordinators know, put together. */
const T0 = Date.UTC(2026, 5, 15, 12);

const ended = (count: number): PackedBucket => {
  const flow = new Array<number>(FLOW.length).fill(0);
  flow[AT.succeeded] = count;
  return { flow };
};
const counted = (count: number) => ({ cells: [["mail", "pdf", ended(count)] as const], store: undefined });

function step(tracks: Tracks, at: number, ...counts: number[]): void {
  for (const count of counts) tracks.take(counted(count));
  tracks.closeSecond(at);
  tracks.turn(at, at + 1_000);
}

test("from where the whole goes its own way it has what was counted, and changes nothing there", () => {
  const own = new Tracks();
  for (let second = 0; second < 90; second++) step(own, T0 + second * 1_000, 1);
  const whole = own.fork();
  for (let second = 90; second < 120; second++) {
    step(own, T0 + second * 1_000, 1);
    step(whole, T0 + second * 1_000, 1, 2);
  }
  expect([own.all.outPerMinute, whole.all.outPerMinute]).toEqual([60, 120]);
  expect([own.all.five.ended, whole.all.five.ended]).toEqual([120, 180]);
  expect([own.all.ended10(), whole.all.ended10()]).toEqual([120, 180]);
  expect(whole.find("p/mail/pdf")?.five.ended).toBe(180);
  expect([own.all.spark, whole.all.spark]).toEqual([
    [60, 60],
    [60, 120],
  ]);
});

test("the sums of the last minutes are taken up from the store, and nothing of it is stored again", () => {
  const tracks = new Tracks();
  const tens = Array.from({ length: 60 }, (_, place) => (place >= 58 ? ended(5) : place >= 30 ? ended(1) : {}));
  tracks.all.recall(tens, T0 - 600_000);
  expect(tracks.all).toMatchObject({ outPerMinute: 14, inPerMinute: 0 });
  expect([tracks.all.five.ended, tracks.all.ended10()]).toEqual([38, 38]);
  expect(tracks.openRows(3_600_000, T0, 1).map(({ body }) => body)).toEqual(["{}"]);
  step(tracks, T0, 3);
  expect([tracks.all.outPerMinute, tracks.all.five.ended]).toEqual([17, 41]);
});

const nobody: WorkerGauges = {
  ...{ pools: new Map(), everywhere: { workers: 0, slots: 0, slotsUsed: 0 }, byQueue: new Map() },
  ...{ silentMs: 0, silent: "" },
};
const sampleOf = (owner: number, more: Partial<Sample> = {}): Sample => ({
  ...{ owner, now: T0, begins: false, cells: [], store: undefined, queues: [], streaming: nobody, polling: nobody },
  ...{ failures: [], marks: [], problem: { problem: "", awayMs: 0 }, ...more },
});
const failures = { queue: "mail", type: "pdf", reason: 19, errorType: "Error", title: "no such customer" };
const heard = (attempts: number) => ({
  ...{ ...failures, sampleMessage: "no such customer", sampleIds: ["a"], version: "1.0", attempts, tasks: attempts },
});

function listener() {
  let monotonic = 0;
  const book = new FailureBook();
  const marks: unknown[] = [];
  const clock = { now: () => T0 + 5_000, monotonic: () => monotonic };
  const activity = { hear: (more: readonly unknown[]) => void marks.push(...more) };
  const others = new Others(clock as never, book, activity as never);
  return { others, book, marks, pass: (ms: number) => (monotonic += ms) };
}

test("a coordinator that falls silent is forgotten in 3 s, what it has counted is not", () => {
  const { others, pass } = listener();
  expect(others.any).toBe(false);
  others.hear(sampleOf(1, counted(2)));
  pass(2_000);
  others.hear(sampleOf(2, counted(3)));
  expect(others.now().map(({ owner }) => owner)).toEqual([1, 2]);
  pass(1_001);
  expect(others.now().map(({ owner }) => owner)).toEqual([2]);
  expect(others.take().flatMap(({ cells }) => [...cells].map(([, , { flow }]) => flow?.[AT.succeeded]))).toEqual([
    2, 3,
  ]);
  expect([others.take(), others.any]).toEqual([[], true]);
});

/** A coordinator that counts, and whoever begins to listen to it. */
function teller() {
  const book = new FailureBook();
  const clock = { now: () => T0 + 60_000, monotonic: () => 0 };
  const state = { shared: {}, sessions: new Map(), storeProblem: null, clock };
  const activity = { listen: () => {}, takeUntold: () => [] };
  const samples = new Samples(state as never, 1, book, activity as never);
  return {
    count: (at: number, count: number) =>
      samples.publish({ at, now: at + 1_000, counted: counted(count), gauges: new Map(), seconds: new Map() }),
    async first() {
      for await (const bytes of samples.watch("", new AbortController().signal))
        return decodeSample(fromBinary(WatchSamplesResponseSchema, bytes).sample);
      throw new Error("it ended");
    },
  };
}

test("who begins to listen hears what was counted before and is not in the store yet, once", async () => {
  const { count, first } = teller();
  for (let second = 0; second <= 40; second += 5) count(T0 + second * 1_000, second);
  const { others } = listener();
  others.skipUntil(T0 + 20_000);
  const sample = await first();
  others.hear(sample);
  const heard = () => others.take().flatMap(({ cells }) => [...cells].map(([, , { flow }]) => flow?.[AT.succeeded]));
  expect(heard()).toEqual([20, 25, 30, 35, 40]);
  // Its stream broke, and it goes on from nothing.
  others.hear(sample);
  expect(heard()).toEqual([]);
  const unread = listener();
  unread.others.hear(sample);
  expect(unread.others.take().flatMap(({ cells }) => [...cells])).toHaveLength(6);
});

test("ages are those that the other sees, whatever its clock says", () => {
  const { others } = listener();
  const gauge = {
    queue: "mail",
    paused: false,
    full: false,
    ready: 1,
    throttled: 0,
    scheduled: 0,
    retrying: 0,
    blocked: 0,
  };
  const queues = [{ ...gauge, running: 0, readySince: T0 - 7_000, unserved: 0 }];
  others.hear(sampleOf(1, { queues }));
  expect(others.now()[0]?.queues[0]?.readySince).toBe(T0 + 5_000 - 7_000);
});

test("failures that others note are in the group, and are theirs to store; the minute is told once", () => {
  const { others, book, marks } = listener();
  const mark = { id: 7 };
  others.hear(sampleOf(1, { begins: true, failures: [heard(4)], marks: [mark as never] }));
  others.hear(sampleOf(1, { failures: [heard(2)] }));
  // Its stream broke, and it goes on from nothing.
  others.hear(sampleOf(1, { begins: true, failures: [heard(6)] }));
  const [group, ...rest] = [...book.groups.values()];
  expect(rest).toEqual([]);
  expect(group).toMatchObject({ total: 6, elsewhere: { attempts: 6, tasks: 6 }, unsaved: 0, lastVersion: "1.0" });
  expect(book.closeMinute(T0, 9)).toEqual({ rollups: [], failures: [] });
  expect([group?.elsewhere.attempts, marks]).toEqual([0, [mark]]);
});

test("a book tells those who listen what it has noted since, and those who begin what the minute has", () => {
  const book = new FailureBook();
  const { queue, type, reason, errorType } = failures;
  const fail = () =>
    book.note(
      {
        ...{ queue, type, reason, errorType, message: "no such customer", exitCode: undefined, signal: "", last: true },
        ...{ version: "1.0", name: () => "x", taskId: () => "a" },
      },
      T0,
    );
  fail();
  expect(book.takeUntold()).toEqual([]);
  book.listen();
  fail();
  expect(book.minute()).toEqual([heard(1)]);
  expect(book.takeUntold()).toEqual([heard(1)]);
  expect([book.takeUntold(), book.minute()]).toEqual([[], [heard(2)]]);
  book.closeMinute(T0, 9);
  expect(book.minute()).toEqual([]);
});

test("problems that the list leaves open go on after a start, those that are over do not", () => {
  const row = (action: string, subject: string, code: string, at: number) => ({
    ...{ id: at, at, kind: 3, action, subject, summary: "It is bad.", keyId: "", keyName: "" },
    detail: JSON.stringify({ code, severity: "critical", failed: "12" }),
  });
  const rows = [
    row("problem.open", "queue/a", "failing", T0 - 1_000),
    row("problem.close", "queue/b", "failing", T0 - 2_000),
    row("problem.open", "queue/b", "failing", T0 - 3_000),
    row("problem.close", "queue/a", "failing", T0 - 4_000),
    row("problem.open", "queue/c", "no_worker", T0 - 5_000),
    row("problem.open", "queue/d", "of another version", T0 - 6_000),
  ];
  expect(recallProblems(rows, T0)).toMatchObject([
    {
      id: "failing:queue/a",
      since: T0 - 1_000,
      lastHeld: T0,
      open: true,
      alert: "TssFailing",
      evidence: { failed: "12" },
    },
    { id: "no_worker:queue/c", since: T0 - 65_000 },
  ]);
});
