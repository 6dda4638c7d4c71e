import { create, fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import { GetQueueRequestSchema, ListQueuesResponseSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import {
  ActivityKind,
  GetSeriesRequestSchema,
  ListActivityRequestSchema,
  ListFailureGroupsRequestSchema,
  SeriesMetric,
  type StatsDelta,
  WatchStatsRequestSchema,
  type WatchStatsResponse,
  WatchStatsResponseSchema,
} from "../../proto/gen/tss/v1/stats_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";

type Init<S extends Parameters<typeof create>[0]> = Parameters<typeof create<S>>[1];

/** The numbers of a running engine on one store: every plugin must show the same. */
export function liveStats(name: string, open: () => Promise<{ store: Store; again: () => Promise<Store> }>): void {
  describe(`numbers on ${name}`, () => {
    let house: EngineHouse;
    let again: () => Promise<Store>;
    beforeEach(async () => {
      const opened = await open();
      again = opened.again;
      house = await startEngine(opened.store);
    });
    afterEach(async () => {
      await house.close();
    });

    const series = (init: Init<typeof GetSeriesRequestSchema> = {}) =>
      house.operations.stats.getSeries(CALLER, create(GetSeriesRequestSchema, init));
    const groups = async (init: Init<typeof ListFailureGroupsRequestSchema> = {}) =>
      (await house.operations.stats.listFailureGroups(CALLER, create(ListFailureGroupsRequestSchema, init))).groups;
    const overview = async () => {
      house.stats.sampler.sample();
      return (await house.operations.operator.getOverview(CALLER)).overview!;
    };
    /** Runs tasks of a queue to their ends. */
    const run = async (count: number, spec: object, worker: TestWorker) => {
      const acks = worker.acks.length;
      worker.credit(count);
      await submit(
        house,
        Array.from({ length: count }, () => ({ type: "work", ...spec })),
      );
      await worker.until((w) => w.acks.length >= acks + count);
    };

    test("the overview counts what came in, ran and ended, by queue", async () => {
      const worker = new TestWorker(house);
      worker.succeedAll();
      await run(5, { queue: "a" }, worker);
      await run(3, { queue: "b" }, worker);
      await submit(house, [
        { type: "nobody", queue: "c" },
        { command: "true", queue: "c", delay: { seconds: 9_000n } },
      ]);
      // Where looking was dear it is not done at every second.
      await until("what waits to be looked at", async () => (await overview()).totals?.states?.scheduled === 1n);
      const { totals, queues, pools, verdict, storeOk } = await overview();
      expect(totals).toMatchObject({ inPerMinute: 10n, outPerMinute: 8n, workers: 1, slots: 100 });
      expect(totals!.states).toMatchObject({ ready: 1n, scheduled: 1n, running: 0n });
      expect([totals!.wait!.count, totals!.run!.count]).toEqual([8n, 8n]);
      expect(queues.map(({ queue, inPerMinute }) => [queue, inPerMinute])).toEqual([
        ["c", 2n],
        ["a", 5n],
        ["b", 3n],
      ]);
      expect(queues[0]!.oldestReadyAge).toBeDefined();
      expect(queues[1]!.oldestReadyAge).toBeUndefined();
      expect(pools).toMatchObject([{ pool: "default", workers: 1, slots: 100, versions: { "": 1 } }]);
      expect([verdict!.sentence.startsWith("Healthy: "), storeOk]).toEqual([true, true]);
    });

    test("a queue tells its types, and the list of queues carries the same numbers", async () => {
      const worker = new TestWorker(house, { types: ["work", "other"] });
      worker.succeedAll();
      await run(4, { queue: "a" }, worker);
      await run(2, { queue: "a", type: "other" }, worker);
      house.stats.sampler.sample();
      const { queue, types } = await house.operations.operator.getQueue(
        CALLER,
        create(GetQueueRequestSchema, { name: "a" }),
      );
      expect(queue).toMatchObject({ name: "a", counts: { succeeded: 6n }, stats: { outPerMinute: 6n } });
      expect(types.map(({ type, run, workers }) => [type, run!.count, workers])).toEqual([
        ["work", 4n, 1],
        ["other", 2n, 1],
      ]);
      const { queues } = await house.operations.operator.listQueues(CALLER);
      expect(queues[0]!.stats).toMatchObject({ queue: "a", outPerMinute: 6n });
      expect(create(ListQueuesResponseSchema, { queues }).queues).toHaveLength(1);
    });

    test("a series tells the minutes under way, and after a restart those before it", async () => {
      const worker = new TestWorker(house);
      worker.succeedAll();
      await run(6, { queue: "a" }, worker);
      house.stats.sampler.sample();
      const before = await series();
      expect(before.total!.flow).toMatchObject({ submitted: 6n, started: 6n, succeeded: 6n });
      expect(before.total!.wait!.histogram!.count.reduce((a, b) => a + b, 0n)).toBe(6n);
      expect(before.buckets.at(-1)).toMatchObject({ complete: false });
      await house.close();
      house = await startEngine(await again());
      const next = new TestWorker(house);
      next.succeedAll();
      await run(4, { queue: "b" }, next);
      house.stats.sampler.sample();
      // Both runs of the coordinator counted in the same buckets: they are added up, at every resolution.
      for (const hours of [0.9, 24, 24 * 8]) {
        const from = timestampFromMs(Date.now() - hours * 3_600_000);
        expect((await series({ from })).total!.flow).toMatchObject({ submitted: 10n, succeeded: 10n });
      }
      const ofQueue = await series({ queue: "a", metrics: [SeriesMetric.FLOW] });
      expect(ofQueue.total).toMatchObject({ flow: { submitted: 6n } });
      expect(ofQueue.total!.wait).toBeUndefined();
      expect((await series({ queue: "a", type: "work", withoutHistograms: true })).total!.run).toMatchObject({
        count: 6n,
      });
      expect((await series({ type: "" })).total!.flow).toMatchObject({ submitted: 0n });
    });

    test("a bucket is complete when the sampler has looked after its end", async () => {
      const worker = new TestWorker(house);
      worker.succeedAll();
      await run(1, {}, worker);
      const { sampler } = house.stats;
      sampler.stop();
      sampler.sample();
      const late = sampler.lastAt + 60_000;
      const { buckets } = await house.stats.series.read(create(GetSeriesRequestSchema), late);
      expect(buckets.at(-1)).toMatchObject({ complete: false, flow: { succeeded: 1n } });
    });

    test("the last seconds are known one by one, as far as this run has seen them", async () => {
      const { seconds } = house.stats.board;
      await until("three seconds", () => seconds.length >= 3);
      const worker = new TestWorker(house);
      worker.succeedAll();
      await run(4, {}, worker);
      house.stats.sampler.sample();
      const fine = await series({ from: timestampFromMs(seconds[0]!.at) });
      expect(fine.bucket).toMatchObject({ seconds: 1n });
      expect(fine.total!.flow).toMatchObject({ submitted: 4n, succeeded: 4n });
      expect(fine.total!.capacity!.workers).toBeLessThanOrEqual(1);
      const longer = await series({ from: timestampFromMs(seconds[0]!.at - 60_000) });
      expect(longer.bucket).toMatchObject({ seconds: 10n });
      expect(longer.total!.flow).toMatchObject({ submitted: 4n });
    });

    test("failures come in groups, with samples and what the range has of them", async () => {
      const worker = new TestWorker(house);
      worker.onLease = (lease) =>
        worker.report(lease, AttemptOutcome.FAILED, { reason: TaskReason.EXIT_CODE, exitCode: 3, credit: 1 });
      await run(3, { queue: "a", type: "", command: "false", name: "nightly 7", retry: { limit: 0 } }, worker);
      const [only, ...rest] = await groups();
      expect(rest).toEqual([]);
      expect(only).toMatchObject({
        ...{ queue: "a", type: "", title: "nightly <n>: exit code 3", attempts: 3n, tasks: 3n, totalAttempts: 3n },
        ...{ isNew: true, regressed: false, reason: TaskReason.EXIT_CODE },
      });
      expect(only!.sampleTaskIds).toHaveLength(3);
      expect(only!.byPart.reduce((a, b) => a + b, 0)).toBe(3);
      expect((await overview()).failures).toMatchObject([{ fingerprint: only!.fingerprint, attempts: 3n }]);
      const explained = await house.operations.tasks.explainTask(CALLER, {
        ...{ $typeName: "tss.v1.ExplainTaskRequest", id: only!.sampleTaskIds[0]! },
      });
      expect(explained.explanations[0]).toMatchObject({
        code: "exit_code",
        evidence: { failure_group: only!.fingerprint },
      });
      await run(2, { queue: "a", type: "", command: "false", name: "daily 7", retry: { limit: 0 } }, worker);
      const listed = async (init: Init<typeof ListTasksRequestSchema>) =>
        (await house.operations.tasks.listTasks(CALLER, create(ListTasksRequestSchema, init))).tasks.map(
          ({ id }) => id,
        );
      const { fingerprint: failure } = only!;
      expect((await listed({ failure })).sort()).toEqual([...only!.sampleTaskIds].sort());
      expect(await listed({ failure, limit: 2 })).toHaveLength(2);
      expect(await listed({ failure, queue: "b" })).toEqual([]);
      for (const wrong of [{ failure: "nightly" }, { failure, status: [TaskStatus.SUCCEEDED] }])
        await expect(listed(wrong)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await house.close();
      house = await startEngine(await again());
      expect((await listed({ failure })).sort()).toEqual([...only!.sampleTaskIds].sort());
      expect(await groups({ fingerprint: failure })).toMatchObject([
        { fingerprint: only!.fingerprint, attempts: 3n, totalAttempts: 3n },
      ]);
      expect((await overview()).failures.map(({ attempts }) => attempts)).toEqual([3n, 2n]);
      expect(await groups({ queue: "b" })).toEqual([]);
      expect(await groups({ type: "" })).toHaveLength(2);
      expect(await groups({ fingerprint: "0123456789abcdef" })).toEqual([]);
    });

    test("watching begins with everything, goes on with what changes, and resumes", async () => {
      const aborted = new AbortController();
      const watch = (cursor: string) =>
        house.operations.stats
          .watchStats(CALLER, create(WatchStatsRequestSchema, { cursor }), aborted.signal)
          [Symbol.asyncIterator]();
      const read = async (frames: AsyncIterator<Uint8Array>): Promise<WatchStatsResponse> =>
        fromBinary(WatchStatsResponseSchema, (await frames.next()).value);
      const frames = watch("");
      expect((await read(frames)).frame.case).toBe("snapshot");
      await submit(house, [{ type: "nobody", queue: "a" }]);
      house.stats.sampler.sample();
      let cursor = "";
      let queue: StatsDelta["queues"][number] | undefined;
      let submitted = 0n;
      const active = new Set<string>();
      // The sampler's own second may come between, with a part of it.
      while (queue === undefined || submitted === 0n) {
        const response = await read(frames);
        cursor = response.cursor;
        const delta = response.frame.value as StatsDelta;
        queue = delta.queues[0] ?? queue;
        submitted += delta.second?.flow?.submitted ?? 0n;
        for (const name of Object.keys(delta.queueSeconds)) active.add(name);
      }
      expect(queue).toMatchObject({ queue: "a", states: { ready: 1n } });
      expect([submitted, [...active]]).toEqual([1n, ["a"]]);
      house.stats.sampler.sample();
      const next = await read(frames);
      expect(next.frame.case).toBe("delta");
      // The same frame, byte for byte, for one who comes back.
      const back = await read(watch(cursor));
      expect(back).toEqual(next);
      for (const odd of ["nonsense", "a.b", `${cursor}9999`])
        expect((await read(watch(odd))).frame.case).toBe("snapshot");
      expect(house.stats.board.feed.watchers).toBeGreaterThan(0);
      aborted.abort();
      expect((await frames.next()).done).toBe(true);
    });

    test("activity tells of starts and deploys, in pages", async () => {
      new TestWorker(house);
      house.stats.sampler.sample();
      await house.stats.activity.close();
      const list = (init: Init<typeof ListActivityRequestSchema> = {}) =>
        house.operations.stats.listActivity(CALLER, create(ListActivityRequestSchema, init));
      const { entries } = await list();
      expect(entries.map(({ action }) => action)).toContain("coordinator.start");
      const first = await list({ limit: 1 });
      expect(first.entries).toHaveLength(1);
      if (entries.length > 1) {
        const second = await list({ limit: 1, cursor: first.nextCursor });
        expect(second.entries[0]!.id).toBeLessThan(first.entries[0]!.id);
      }
      expect((await list({ kind: [ActivityKind.PROBLEM] })).entries).toEqual([]);
    });

    test.each<[string, () => Promise<unknown>, RegExp]>([
      ["points", () => series({ points: 501 }), /points must be from 0 to 500/],
      [
        "an order of times",
        () => series({ from: timestampFromMs(2_000), to: timestampFromMs(1_000) }),
        /from must be earlier/,
      ],
      ["a range", () => series({ from: timestampFromMs(1_000) }), /at most 400 days ago/],
      ["a future", () => series({ to: timestampFromMs(Date.now() + 2 * 86_400_000) }), /not be more than a day ahead/],
      ["a queue", () => series({ queue: "No Queue" }), /queue must be 1–63/],
      ["a metric", () => series({ metrics: [99 as SeriesMetric] }), /metrics must be flow/],
      ["a fingerprint", () => groups({ fingerprint: "x" }), /16 hexadecimal/],
      ["a group limit", () => groups({ limit: 501 }), /limit must be from 0 to 500/],
    ])("%s beyond the limits is refused in a sentence", async (_, call, message) => {
      await expect(call()).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringMatching(message) });
    });
  });
}
