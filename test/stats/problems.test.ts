import { describe, expect, test } from "@jest/globals";
import { type Judgement, judge, LINGER_MS, NOTHING_KNOWN, verdictOf } from "../../coordinator/kernel/problems/judge.ts";
import { RULES, ruleOf } from "../../coordinator/kernel/problems/table.ts";
import type { SystemView } from "../../coordinator/kernel/stats/view.ts";
import { latency, type QueueInit, queueView, systemView, T0 } from "../support/system-view.ts";

const withQueue = (queue: QueueInit): SystemView => systemView({ queues: [queueView(queue)] });
const withPool = (pool: object): SystemView => {
  const [own] = systemView().pools;
  return systemView({ pools: [{ ...own!, ...pool }] });
};
const found = (code: string, view: SystemView) => ruleOf(code).find(view);

/** For each rule: a view just beyond its thresholds, and views just at them. */
const CASES: readonly (readonly [code: string, subject: string, beyond: SystemView, within: readonly SystemView[]])[] =
  [
    [
      "no_worker",
      "queue/mail",
      withQueue({ unserved: 1, states: { ready: 1 } }),
      [withQueue({ states: { ready: 9 } })],
    ],
    [
      "saturated",
      "queue/mail",
      withQueue({ slots: 100, slotsUsed: 95, oldestReadyMs: 30_001 }),
      [
        withQueue({ slots: 100, slotsUsed: 94, oldestReadyMs: 99_000 }),
        withQueue({ slots: 100, slotsUsed: 100, oldestReadyMs: 30_000 }),
        withQueue({ slots: 0, slotsUsed: 0, oldestReadyMs: 99_000 }),
      ],
    ],
    [
      "limit_bound",
      "queue/mail",
      withQueue({ slots: 10, slotsUsed: 9, oldestReadyMs: 15_001, states: { ready: 2 }, unserved: 1 }),
      [
        withQueue({ slots: 10, slotsUsed: 9, oldestReadyMs: 15_000, states: { ready: 2 } }),
        withQueue({ slots: 10, slotsUsed: 10, oldestReadyMs: 99_000, states: { ready: 2 } }),
        withQueue({ slots: 10, slotsUsed: 1, oldestReadyMs: 99_000, states: { ready: 2 }, unserved: 2 }),
      ],
    ],
    ["backlog_old", "queue/mail", withQueue({ oldestReadyMs: 300_001 }), [withQueue({ oldestReadyMs: 300_000 })]],
    [
      "retry_storm",
      "queue/mail",
      withQueue({ flow5: { started: 46, retried: 20 } }),
      [withQueue({ flow5: { started: 40, retried: 19 } }), withQueue({ flow5: { started: 70, retried: 30 } })],
    ],
    [
      "failing",
      "queue/mail",
      withQueue({ ended10: 20, failed10: 11 }),
      [withQueue({ ended10: 19, failed10: 19 }), withQueue({ ended10: 20, failed10: 10 })],
    ],
    [
      "failure_spike",
      "queue/mail",
      withQueue({ ended10: 100, failed10: 6 }),
      [
        withQueue({ ended10: 100, failed10: 5 }),
        withQueue({ ended10: 19, failed10: 9 }),
        withQueue({ ended10: 100, failed10: 51 }),
      ],
    ],
    [
      "queue_paused",
      "queue/mail",
      withQueue({ paused: true, pausedAt: T0 - 60_000, states: { paused: 3 } }),
      [withQueue({ paused: true, pausedAt: T0 - 60_000 })],
    ],
    [
      "workers_lost",
      "queue/mail",
      withQueue({ flow5: { attemptsLost: 3 } }),
      [withQueue({ flow5: { attemptsLost: 2 } })],
    ],
    ["heartbeat_stalled", "pool/default", withPool({ heartbeatAgeMs: 10_001 }), [withPool({ heartbeatAgeMs: 10_000 })]],
    ["workers_disconnected", "pool/default", withPool({ disconnected: 1 }), [withPool({ draining: 3 })]],
    ["store_down", "system", systemView({ storeProblem: "It does not answer.", storeAwayMs: 9_000 }), [systemView()]],
    [
      "store_slow",
      "system",
      systemView({ store: latency(251, 20) }),
      [systemView({ store: latency(250, 20) }), systemView({ store: latency(900, 19) })],
    ],
    [
      "slow_handler",
      "type/pdf",
      systemView({ slower: [{ type: "pdf", p95Ms: 200, baselineP95Ms: 100, runs: 50, version: "2.0" }] }),
      [systemView({ slower: [{ type: "pdf", p95Ms: 199, baselineP95Ms: 100, runs: 50, version: "" }] })],
    ],
  ];

describe("a rule", () => {
  test("is tried here, each one of them", () => {
    expect(CASES.map(([code]) => code).sort()).toEqual(RULES.map(({ code }) => code).sort());
  });

  test.each(CASES)("%s finds %s beyond its threshold, and nothing at it", (code, subject, beyond, within) => {
    const findings = found(code, beyond);
    expect(findings.map((one) => one.subject)).toEqual([subject]);
    const [{ summary, action, evidence }] = findings as [(typeof findings)[number]];
    for (const sentence of [summary, action]) expect(sentence).toMatch(/^["“A-Z\d].*\.$/s);
    expect(Object.keys(evidence).length).toBeGreaterThan(0);
    expect(`${summary}${action}`).not.toMatch(/undefined|NaN|null/);
    for (const view of within) expect(found(code, view)).toEqual([]);
    expect(found(code, systemView())).toEqual([]);
  });

  test("tells what a person needs to know", () => {
    const full = withQueue({ slots: 96, slotsUsed: 96, neededSlots: 102, oldestReadyMs: 372_000 });
    expect(found("saturated", full)[0]).toMatchObject({
      summary: "Queue mail has waited 6 m 12 s: 96 of 96 slots are in use.",
      action: "Add about 6 slots: more workers, or a larger TSS_WORKER_SLOTS.",
    });
    const paused = withQueue({
      paused: true,
      pauseNote: "until Tuesday",
      pausedAt: T0 - 7_260_000,
      states: { paused: 1 },
    });
    expect(found("queue_paused", paused)[0]?.summary).toBe(
      "Queue mail has been paused for 2 h 1 m (“until Tuesday”) with 1 task waiting.",
    );
  });
});

describe("a problem", () => {
  const bad = (at: number) => ({ ...withQueue({ unserved: 5, states: { ready: 5 } }), at });
  const good = (at: number) => ({ ...systemView(), at });
  const play = (views: readonly SystemView[]): Judgement[] => {
    const judgements: Judgement[] = [];
    for (const view of views) judgements.push(judge(judgements.at(-1) ?? NOTHING_KNOWN, view));
    return judgements;
  };

  test("opens when its rule has held for as long as it must, once", () => {
    const [first, early, open, later] = play([0, 59_999, 60_000, 61_000].map((ms) => bad(T0 + ms)));
    expect([first!.open, early!.open]).toEqual([[], []]);
    expect(open!.opened.map(({ id }) => id)).toEqual(["no_worker:queue/mail"]);
    expect(open!.open[0]).toMatchObject({ since: T0, severity: "critical", alert: "TssNoWorker" });
    expect([later!.open.length, later!.opened.length]).toEqual([1, 0]);
  });

  test("does not open when its rule held only now and then", () => {
    const judgements = play([bad(T0), good(T0 + 1_000), bad(T0 + 60_000), bad(T0 + 90_000)]);
    expect(judgements.flatMap(({ opened }) => opened)).toEqual([]);
  });

  test("closes a little after its rule has last held", () => {
    const views = [bad(T0), bad(T0 + 60_000), good(T0 + 61_000), good(T0 + 60_000 + LINGER_MS), good(T0 + 99_000)];
    const [, , lingering, closed, after] = play(views);
    expect(lingering!.open).toHaveLength(1);
    expect([closed!.open.length, closed!.closed.map(({ code }) => code)]).toEqual([0, ["no_worker"]]);
    expect(after!.closed).toEqual([]);
  });

  test("that flickers stays one problem", () => {
    const views = [bad(T0), bad(T0 + 60_000), good(T0 + 61_000), bad(T0 + 62_000), good(T0 + 63_000)];
    const judgements = play(views);
    expect(judgements.flatMap(({ opened }) => opened)).toHaveLength(1);
    expect(judgements.flatMap(({ closed }) => closed)).toEqual([]);
    expect(judgements.at(-1)!.open[0]).toMatchObject({ since: T0 });
  });

  test("stands before lesser ones, and what explains before what is explained", () => {
    const view = {
      ...systemView({
        queues: [
          queueView({ queue: "a", paused: true, pausedAt: T0, states: { paused: 2 } }),
          queueView({ queue: "b", oldestReadyMs: 400_000, slots: 10, slotsUsed: 10 }),
          queueView({ queue: "c", unserved: 3, states: { ready: 3 }, workers: 0 }),
          queueView({ queue: "d", unserved: 7, states: { ready: 7 }, workers: 0 }),
        ],
        store: latency(900),
      }),
      at: T0 + 300_000,
    };
    const { open } = judge(judge(NOTHING_KNOWN, { ...view, at: T0 }), view);
    expect(open.map(({ id }) => id)).toEqual([
      "no_worker:queue/d",
      "no_worker:queue/c",
      "saturated:queue/b",
      "store_slow:system",
      "backlog_old:queue/b",
      "queue_paused:queue/a",
    ]);
    const verdict = verdictOf(open, view);
    expect(verdict).toEqual({
      severity: "critical",
      sentence: "Queue d has 7 ready tasks and no worker. 4 more problems.",
      problemId: "no_worker:queue/d",
    });
  });
});

describe("the verdict", () => {
  test("of a system that is well says how it goes", () => {
    const totals = queueView({ queue: "", outPerMinute: 1_180, wait: latency(84), slots: 96, slotsUsed: 35 });
    expect(verdictOf([], systemView({ totals }))).toEqual({
      severity: null,
      sentence: "Healthy: 1,180 tasks a minute, p95 wait 84 ms, 61 of 96 slots free.",
      problemId: "",
    });
  });

  test("of one that is idle says so", () => {
    const totals = queueView({ queue: "", outPerMinute: 0, slots: 4, slotsUsed: 0 });
    expect(verdictOf([], systemView({ totals })).sentence).toBe("Healthy: nothing waits, 4 of 4 slots free.");
  });
});
