import { describe, expect, test } from "@jest/globals";
import { explainQueueView } from "../../coordinator/kernel/explain/queue.ts";
import {
  explainRunning,
  explainWaiting,
  type RunningTask,
  type WaitingTask,
} from "../../coordinator/kernel/explain/task.ts";
import type { WorkerFacts } from "../../coordinator/kernel/explain/workers.ts";
import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { latency, queueView, systemView, T0 } from "../support/system-view.ts";

const worker = (fields: Partial<WorkerFacts> = {}): WorkerFacts => ({
  ...{ name: "w1", mood: "active", slots: 4, held: 0, credit: 4, stalled: false, silentMs: 1_000, commands: true },
  ...{
    secrets: false,
    confines: false,
    types: new Set(["send"]),
    queues: new Set<string>(),
    labels: {},
    resources: {},
    used: new Map(),
  },
  ...fields,
});

const needs = (fields: Partial<WaitingTask["asked"]["needs"]> = {}) => ({
  ...{ type: "send", selector: {}, resources: {} },
  ...fields,
});

const task = (fields: Partial<WaitingTask> = {}, workers: readonly WorkerFacts[] = [worker()]): WaitingTask => ({
  ...{ id: "ID", asked: { queue: "mail", needs: needs(), tasks: 0 }, reason: TaskReason.READY, dueAt: 0, attempts: 0 },
  ...{ maxAttempts: 3, lost: 0, lastError: "", pause: null, limit: null, lock: null, higher: 0, earlier: 0, turns: 0 },
  ...{ workers, serving: workers },
  ...fields,
});

const asking = (fields: Parameters<typeof needs>[0]) => ({ asked: { queue: "mail", needs: needs(fields), tasks: 0 } });
const paused = { queue: "mail", note: "until Tuesday", at: T0 - 60_000, by: "Ann", tasks: 0 };

/** Each reason of the contract with a state of affairs in which it is the first to be told. */
const FIRST: readonly (readonly [code: string, message: RegExp, task: WaitingTask, view?: object, queue?: object])[] = [
  [
    "store_down",
    /database cannot be written for 9 s/,
    task({ pause: paused }),
    { storeProblem: "Away.", storeAwayMs: 9_000 },
  ],
  [
    "scheduled",
    /start time lies 1 h ahead/,
    task({ dueAt: T0 + 3_600_000, reason: TaskReason.SCHEDULED, pause: paused }),
  ],
  [
    "retrying",
    /Attempt 2 of 3 failed \(no such host\); the next one comes in 30 s/,
    task({ dueAt: T0 + 30_000, reason: TaskReason.RETRYING, attempts: 2, lastError: "no such host" }),
  ],
  ["queue_paused", /paused for 1 m by Ann: until Tuesday/, task({ pause: paused }, [])],
  [
    "queue_limit",
    /runs as many of its tasks as it may \(5 of 5\)/,
    task({ limit: { queue: "mail", running: 5, limit: 5, tasks: 0 }, reason: TaskReason.THROTTLED }),
  ],
  [
    "lock",
    /The lock db is held by task 7 and 1 other \(for 30 s\); 2 others and tasks of its kind stand in line/,
    task({
      lock: {
        ...{ name: "db", since: T0 - 10_000, waiting: 2 },
        holders: [
          { holder: "task 7", since: T0 - 30_000 },
          { holder: "task 8", since: T0 },
        ],
      },
    }),
  ],
  [
    "lock",
    /The lock db is being taken for a task of its kind/,
    task({ lock: { name: "db", since: T0, waiting: 1, holders: [] } }),
  ],
  ["lock_problem", /cannot be locked: The lock "db" is in use/, task({ lock: 'The lock "db" is in use.' })],
  ["no_worker", /No worker is connected/, task({}, [])],
  ["no_worker", /No worker serves queue mail/, task({ serving: [] }, [worker({ queues: new Set(["other"]) })])],
  ["no_handler", /No worker has the handler send/, task({ serving: [] }, [worker({ types: new Set(["other"]) })])],
  [
    "no_handler",
    /No worker of its queue runs commands/,
    task({ ...asking({ type: "" }), serving: [] }, [worker({ commands: false })]),
  ],
  [
    "no_secrets",
    /No worker may be given the secrets it needs \(w1\)/,
    task({ ...asking({ type: "", secrets: true }), serving: [] }, [worker()]),
  ],
  [
    "no_confinement",
    /No worker knows how to keep it to the user, umask or limits it asks for \(w1\)/,
    task({ ...asking({ type: "", confined: true }), serving: [] }, [worker()]),
  ],
  [
    "selector",
    /the nearest lacks zone=b\)/,
    task({ ...asking({ selector: { zone: "b", disk: "ssd" } }), serving: [] }, [
      worker(),
      worker({ labels: { zone: "a", disk: "ssd" } }),
    ]),
  ],
  [
    "resources",
    /gpu 2, the largest has 1/,
    task({ ...asking({ resources: { gpu: 2, cpu: 1 } }), serving: [] }, [worker({ resources: { gpu: 1, cpu: 8 } })]),
  ],
  [
    "workers_draining",
    /All 2 workers that could run it are draining/,
    task({}, [worker({ mood: "draining" }), worker({ mood: "draining" })]),
  ],
  [
    "workers_lost",
    /has lost the connection \(last heard 12 s ago\)/,
    task({}, [worker({ mood: "disconnected", silentMs: 12_000 })]),
  ],
  [
    "slots_busy",
    /Every slot that could run it is taken \(4 of 4\)/,
    task({ earlier: 7 }, [worker({ held: 4, credit: 0 })]),
  ],
  [
    "resources_busy",
    /resources it asks for are taken \(gpu 2, 1 free\)/,
    task(asking({ resources: { gpu: 2 } }), [worker({ resources: { gpu: 4 }, used: new Map([["gpu", 3]]) })]),
  ],
  ["workers_silent", /1 worker with free slots asks for nothing/, task({}, [worker({ credit: 0 })])],
  ["workers_silent", /asks for nothing and read too slowly/, task({}, [worker({ stalled: true })])],
  ["priority", /12 ready tasks of higher priority go first/, task({ higher: 12, earlier: 3 })],
  ["turn", /2 other fairness keys of its queue take turns/, task({ turns: 2, earlier: 3 })],
  ["order", /1 ready task of its kind came before it/, task({ earlier: 1 })],
  ["poison", /3 workers were lost while they ran it/, task({ lost: 3 })],
  ["workers_lost", /4 attempts were lost with their workers/, task(), {}, { flow5: { attemptsLost: 4 } }],
  [
    "retry_storm",
    /50 % of the attempts of queue mail are retries/,
    task(),
    {},
    { flow5: { started: 40, retried: 40 } },
  ],
  [
    "slow_handler",
    /Handler send runs longer than it used to \(p95 4 s, was 1 s\) since version 2\.0/,
    task(),
    { slower: [{ type: "send", p95Ms: 4_000, baselineP95Ms: 1_000, runs: 60, version: "2.0" }] },
  ],
  ["store_slow", /Commits are slow/, task(), { store: latency(400) }],
  ["starting", /A slot is free for it/, task()],
];

describe("a waiting task", () => {
  test.each(FIRST)("%s: %s", (code, message, waiting, view = {}, queue = {}) => {
    const { reasons } = explainWaiting(waiting, queueView(queue), systemView(view), T0);
    expect(reasons[0]).toMatchObject({ code, message: expect.stringMatching(message) });
    for (const reason of reasons) {
      expect(`${reason.message}${reason.action}${JSON.stringify(reason.evidence)}`).not.toMatch(/undefined|NaN|null/);
      expect(reason.action).not.toBe("");
    }
  });

  test("hears of everything that holds it, what blocks before what slows", () => {
    const held = task({ pause: paused, lost: 2, dueAt: T0 + 5_000, reason: TaskReason.SCHEDULED }, []);
    const { reasons, expectedAt } = explainWaiting(
      held,
      queueView({ flow5: { started: 1, retried: 60 } }),
      systemView(),
      T0,
    );
    expect(reasons.map(({ code, blocking }) => [code, blocking])).toEqual([
      ["scheduled", true],
      ["queue_paused", true],
      ["no_worker", true],
      ["poison", false],
      ["retry_storm", false],
    ]);
    // A pause ends only by hand.
    expect(expectedAt).toBeNull();
  });

  test("is expected when its time comes, or after those ahead of it at the pace of its queue", () => {
    const at = (waiting: WaitingTask, queue = {}) =>
      explainWaiting(waiting, queueView(queue), systemView(), T0).expectedAt;
    expect(at(task({ dueAt: T0 + 9_000, reason: TaskReason.SCHEDULED }))).toBe(T0 + 9_000);
    const busy = [worker({ held: 4, credit: 0 })];
    expect(at(task({ earlier: 19, higher: 10 }, busy), { flow5: { started: 270, retried: 30 } })).toBe(T0 + 30_000);
    expect(at(task({ earlier: null }, busy))).toBeNull();
    const stopped = { flow5: { started: 0, retried: 0 }, slots: 4, run: latency(20_000) };
    expect(at(task({ earlier: 4 }, busy), stopped)).toBe(T0 + 20_000);
    expect(at(task())).toBe(T0);
  });
});

describe("a running task", () => {
  const running = (fields: Partial<RunningTask> = {}): RunningTask => ({
    ...{ id: "ID", reason: TaskReason.EXECUTING, type: "send", worker: "w1", startedAt: T0 - 30_000, timeoutMs: 0 },
    ...{ quietMs: null, workerSilentMs: 0, leaseTtlMs: 15_000, percent: null, p50Ms: undefined, p95Ms: undefined },
    ...fields,
  });
  test.each([
    ["executing", /Worker w1 has been running it for 30 s \(40 %\)/, running({ percent: 40.2 }), null],
    ["executing", /for 30 s/, running({ p50Ms: 40_000, p95Ms: 60_000 }), T0 + 10_000],
    [
      "stalled",
      /run it for 30 s; nineteen in twenty of its kind take 9 s or less. Its last sign of life came 20 s ago/,
      running({ p50Ms: 4_000, p95Ms: 9_000, quietMs: 20_000 }),
      null,
    ],
    ["cancelling", /told to end it/, running({ reason: TaskReason.CANCELLING }), null],
    [
      "disconnected",
      /its lease still holds/,
      running({ reason: TaskReason.DISCONNECTED, workerSilentMs: 5_000 }),
      null,
    ],
  ])("%s: %s", (code, message, subject, expectedAt) => {
    const told = explainRunning(subject, systemView(), T0);
    expect(told.reasons[0]).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(told.expectedAt).toBe(expectedAt);
  });
});

describe("a queue", () => {
  test("that nothing holds says how it goes", () => {
    const facts = { pause: null, limit: null, types: [], waiting: [] };
    const told = (queue: object) => explainQueueView(queueView(queue), systemView(), facts, T0);
    expect(told({})).toEqual({
      reasons: [],
      summary: "Nothing of queue mail waits for a worker; 60 came in and 60 ended in the last minute.",
    });
    expect(told({ states: { ready: 900 }, oldestReadyMs: 84_000, drainMs: 190_000 }).summary).toBe(
      "900 tasks of queue mail are ready, the oldest for 1 m 24 s; at this rate nothing is left in 3 m 10 s.",
    );
    expect(told({ states: { ready: 1 }, drainMs: undefined }).summary).toBe(
      "1 task of queue mail is ready; more comes in than goes out.",
    );
  });

  test("tells what blocks it first, and how many tasks each reason holds", () => {
    const queue = queueView({
      states: { paused: 5, retrying: 2, scheduled: 1 },
      ended10: 100,
      failed10: 40,
      paused: true,
    });
    const facts = { pause: { ...paused, tasks: 5 }, limit: null, types: ["send"], waiting: [] };
    const { reasons, summary } = explainQueueView(queue, systemView(), facts, T0);
    expect(reasons.map(({ code, tasks }) => [code, tasks])).toEqual([
      ["queue_paused", 5],
      ["retrying", 2],
      ["scheduled", 1],
      ["failing", 0],
    ]);
    expect(summary).toMatch(/^Queue mail is paused/);
  });

  test("that has reached its limit says so", () => {
    const limit = { queue: "mail", running: 5, limit: 5, tasks: 40 };
    const queue = queueView({ states: { throttled: 40, running: 5 }, limit: 5 });
    const { reasons, summary } = explainQueueView(
      queue,
      systemView(),
      { pause: null, limit, types: [], waiting: [] },
      T0,
    );
    expect(reasons).toMatchObject([{ code: "queue_limit", tasks: 40, command: "tss queue limit mail 6" }]);
    expect(summary).toBe("Queue mail runs as many of its tasks as it may (5 of 5).");
  });
});
