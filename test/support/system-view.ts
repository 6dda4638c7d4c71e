import { FLOW, type FlowName } from "../../coordinator/kernel/stats/bucket.ts";
import type { LatencyView, QueueView, SystemView } from "../../coordinator/kernel/stats/view.ts";

/** Views of a system that is well, for rules and explanations; a test says what is different. */

export const T0 = Date.UTC(2026, 5, 15, 12);

export const NO_LATENCY: LatencyView = {
  ...{ count: 0, meanMs: undefined, p50Ms: undefined, p95Ms: undefined, p99Ms: undefined },
};

export const latency = (p95Ms: number, count = 100): LatencyView => ({
  ...{ count, meanMs: p95Ms / 2, p50Ms: p95Ms / 2, p95Ms, p99Ms: p95Ms },
});

type Flow = Readonly<Record<FlowName, number>>;

export const flow = (counts: Partial<Flow> = {}): Flow => ({
  ...(Object.fromEntries(FLOW.map((name) => [name, 0])) as Flow),
  ...counts,
});

export type QueueInit = Partial<Omit<QueueView, "states" | "flow5">> & {
  readonly states?: Partial<QueueView["states"]>;
  readonly flow5?: Partial<Flow>;
};

export function queueView({ states, flow5, ...fields }: QueueInit = {}): QueueView {
  return {
    ...{ queue: "mail", paused: false, pauseNote: "", pausedAt: 0, limit: 0, oldestReadyMs: undefined, unserved: 0 },
    states: { ready: 0, scheduled: 0, retrying: 0, blocked: 0, paused: 0, throttled: 0, running: 0, ...states },
    ...{ inPerMinute: 60, outPerMinute: 60, ended10: 600, failed10: 0 },
    flow5: flow({ submitted: 300, started: 300, succeeded: 300, ...flow5 }),
    ...{ wait: latency(20), run: latency(100), workers: 3, slots: 30, slotsUsed: 6 },
    ...{ drainMs: 0, pressure: 1, neededSlots: 7, badness: 0 },
    ...fields,
  };
}

export function systemView(fields: Partial<SystemView> = {}): SystemView {
  const queues = fields.queues ?? [queueView()];
  return {
    at: T0,
    totals: queueView({ queue: "" }),
    pools: [
      {
        ...{ pool: "default", workers: 3, draining: 0, disconnected: 0, slots: 30, slotsUsed: 6 },
        ...{ heartbeatAgeMs: 4_000, versions: { "1.0": 3 } },
      },
    ],
    ...{ silentMs: 4_000, silentWorker: "w1", leaseTtlMs: 15_000 },
    ...{ store: latency(5), storeProblem: "", storeAwayMs: 0, slower: [] },
    ...fields,
    queues,
  };
}
