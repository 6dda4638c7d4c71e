import { manyText, spanText } from "../words.ts";
import { type Rule, THRESHOLDS as T } from "./rule.ts";

export const storeDown: Rule = {
  code: "store_down",
  severity: "critical",
  forMs: T.storeDownSeconds * 1_000,
  find: ({ storeProblem, storeAwayMs }) =>
    storeProblem === ""
      ? []
      : [
          {
            subject: "system",
            summary: `The database cannot be written for ${spanText(storeAwayMs)}: nothing new starts or ends. ${storeProblem}`,
            action: "Bring the database back; what runs goes on and is reported then.",
            command: "tss doctor",
            evidence: { away_seconds: (storeAwayMs / 1_000).toFixed(0), error: storeProblem },
            weight: Number.MAX_SAFE_INTEGER,
          },
        ],
  alert: {
    name: "TssStoreDown",
    expr: "min(tss_store_up) == 0",
    summary: "The database cannot be written: nothing new starts or ends.",
  },
};

export const storeSlow: Rule = {
  code: "store_slow",
  severity: "warning",
  forMs: 0,
  find: ({ store: { count, p99Ms = 0, p50Ms = 0 } }) =>
    count < T.storeSlowFlushes || p99Ms <= T.storeSlowP99Seconds * 1_000
      ? []
      : [
          {
            subject: "system",
            summary: `One commit in a hundred takes ${spanText(p99Ms)} or more: everything that starts or ends waits for it.`,
            action: "Look at the database's disk, locks and long transactions.",
            command: "tss doctor",
            evidence: { p99_seconds: (p99Ms / 1_000).toFixed(3), p50_seconds: (p50Ms / 1_000).toFixed(3) },
            weight: p99Ms,
          },
        ],
  alert: {
    name: "TssStoreSlow",
    expr: `histogram_quantile(0.99, sum by (le) (rate(tss_store_op_seconds_bucket{op="flush"}[5m]))) > ${T.storeSlowP99Seconds} and sum(increase(tss_store_op_seconds_count{op="flush"}[5m])) >= ${T.storeSlowFlushes}`,
    summary: "One commit in a hundred takes {{ $value | humanizeDuration }} or more.",
  },
};

export const heartbeatStalled: Rule = {
  code: "heartbeat_stalled",
  severity: "warning",
  forMs: 0,
  find: ({ pools, silentWorker, leaseTtlMs }) =>
    pools
      .filter((pool) => pool.heartbeatAgeMs > T.heartbeatSeconds * 1_000)
      .map((pool) => ({
        subject: `pool/${pool.pool}`,
        summary: `A worker of pool ${pool.pool} (${silentWorker}) has been silent for ${spanText(pool.heartbeatAgeMs)}; after ${spanText(leaseTtlMs)} its attempts are lost.`,
        action: "See whether its machine and network are well.",
        command: "tss worker list",
        evidence: { silent_seconds: (pool.heartbeatAgeMs / 1_000).toFixed(0), worker: silentWorker },
        weight: pool.heartbeatAgeMs,
      })),
  alert: {
    name: "TssHeartbeatStalled",
    expr: `max by (pool) (tss_worker_heartbeat_age_seconds_max) > ${T.heartbeatSeconds}`,
    summary: "A worker of pool {{ $labels.pool }} has been silent for {{ $value | humanizeDuration }}.",
  },
};

export const workersDisconnected: Rule = {
  code: "workers_disconnected",
  severity: "warning",
  forMs: T.disconnectedSeconds * 1_000,
  find: ({ pools }) =>
    pools
      .filter((pool) => pool.disconnected > 0)
      .map((pool) => ({
        subject: `pool/${pool.pool}`,
        summary: `${manyText(pool.disconnected, "worker")} of pool ${pool.pool} ${pool.disconnected === 1 ? "has" : "have"} lost the connection; what they run is lost when their leases end.`,
        action: "See whether they still run and reach the coordinator.",
        command: "tss worker list",
        evidence: { disconnected: String(pool.disconnected), workers: String(pool.workers) },
        weight: pool.disconnected,
      })),
  alert: {
    name: "TssWorkersDisconnected",
    expr: 'sum by (pool) (tss_workers{state="disconnected"}) > 0',
    summary: "{{ $value }} workers of pool {{ $labels.pool }} have lost their connection.",
  },
};

export const workersLost: Rule = {
  code: "workers_lost",
  severity: "warning",
  forMs: 0,
  find: ({ queues }) =>
    queues
      .filter((queue) => queue.flow5.attemptsLost >= T.lostAttempts)
      .map((queue) => ({
        subject: `queue/${queue.queue}`,
        summary: `${manyText(queue.flow5.attemptsLost, "attempt")} of queue ${queue.queue} ${queue.flow5.attemptsLost === 1 ? "was" : "were"} lost with ${queue.flow5.attemptsLost === 1 ? "its worker" : "their workers"} in the last 5 min.`,
        action: "See why workers vanish: out of memory, killed, cut off. The same task each time is a poison task.",
        command: "tss worker list",
        evidence: { lost: String(queue.flow5.attemptsLost) },
        weight: queue.flow5.attemptsLost,
      })),
  alert: {
    name: "TssWorkersLost",
    expr: `sum by (queue) (increase(tss_attempts_finished_total{outcome="lost"}[5m])) >= ${T.lostAttempts}`,
    summary: "{{ $value }} attempts of queue {{ $labels.queue }} were lost with their workers.",
  },
};

export const slowHandler: Rule = {
  code: "slow_handler",
  severity: "warning",
  forMs: 0,
  find: ({ slower }) =>
    slower
      .filter(({ p95Ms, baselineP95Ms, runs }) => p95Ms >= T.slowerTimes * baselineP95Ms && runs >= T.slowerRuns)
      .map(({ type, p95Ms, baselineP95Ms, runs, version }) => ({
        subject: `type/${type}`,
        summary: `${type === "" ? "Commands" : `Handler ${type}`} ${type === "" ? "run" : "runs"} ${Math.round((p95Ms / baselineP95Ms) * 10) / 10} times as long as in the week before (p95 ${spanText(p95Ms)}, was ${spanText(baselineP95Ms)})${version === "" ? "" : ` since version ${version}`}.`,
        action: "Compare the versions, and what they call.",
        command: "",
        evidence: {
          p95_seconds: (p95Ms / 1_000).toFixed(3),
          baseline_p95_seconds: (baselineP95Ms / 1_000).toFixed(3),
          runs: String(runs),
          ...(version === "" ? {} : { version }),
        },
        weight: p95Ms / baselineP95Ms,
      })),
  alert: {
    name: "TssSlowHandler",
    expr: `histogram_quantile(0.95, sum by (le, type) (rate(tss_run_seconds_bucket[1h]))) >= ${T.slowerTimes} * histogram_quantile(0.95, sum by (le, type) (rate(tss_run_seconds_bucket[7d] offset 1h))) and sum by (type) (increase(tss_run_seconds_count[1h])) >= ${T.slowerRuns}`,
    summary:
      "Handler {{ $labels.type }} runs much longer than in the week before (p95 {{ $value | humanizeDuration }}).",
  },
};
