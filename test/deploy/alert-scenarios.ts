/** A series as `promtool test rules` takes it: a name with labels, and its values. */
export type Series = readonly [series: string, values: string];

export interface Scenario {
  readonly alert: string;
  /** What is beyond the thresholds: the alert fires for these labels once it has held long enough. */
  readonly beyond: readonly Series[];
  readonly labels: Readonly<Record<string, string>>;
  /** When it does not fire yet, and when it does. */
  readonly notAt?: string;
  readonly at: string;
  /** Series just at the thresholds: it does not fire. */
  readonly within: readonly (readonly Series[])[];
  readonly interval?: string;
}

const mail = { queue: "mail" };
const flat = (series: string, value: number): Series => [series, `${value}x130`];
const climbing = (series: string, step: number): Series => [series, `0+${step}x130`];
const used = (share: number): Series[] => [
  flat('tss_queue_slots{queue="mail",kind="used"}', share),
  flat('tss_queue_slots{queue="mail",kind="free"}', 100 - share),
];
const age = (seconds: number): Series => flat('tss_queue_oldest_ready_age_seconds{queue="mail"}', seconds);
const ready = (count: number): Series => flat('tss_tasks{queue="mail",state="ready"}', count);
const unserved = (count: number): Series => flat('tss_blocked_tasks{queue="mail",reason="no_worker"}', count);
/** Starts in a sample of 5 s; 60 of them are 5 min. */
const starts = (first: number, retry: number): Series[] => [
  climbing('tss_attempts_started_total{queue="mail",type="",attempt="first"}', first),
  climbing('tss_attempts_started_total{queue="mail",type="",attempt="retry"}', retry),
];
const ends = (succeeded: number, failed: number): Series[] => [
  climbing('tss_tasks_finished_total{queue="mail",type="",outcome="succeeded"}', succeeded),
  climbing('tss_tasks_finished_total{queue="mail",type="",outcome="failed"}', failed),
];
const flushes = (fast: number, slow: number): Series[] => [
  climbing('tss_store_op_seconds_bucket{op="flush",le="0.25"}', fast),
  climbing('tss_store_op_seconds_bucket{op="flush",le="0.5"}', fast + slow),
  climbing('tss_store_op_seconds_bucket{op="flush",le="+Inf"}', fast + slow),
  climbing('tss_store_op_seconds_count{op="flush"}', fast + slow),
];
/** Runs a minute for an hour, and for another in that bucket. */
const runs = (perMinute: number, later: "1" | "10"): Series[] => {
  const before = `0+${perMinute}x60`;
  const going = `${perMinute * 61}+${perMinute}x70`;
  const still = `${perMinute * 60}+0x70`;
  return [
    ['tss_run_seconds_bucket{type="resize",le="1"}', `${before} ${later === "1" ? going : still}`],
    ['tss_run_seconds_bucket{type="resize",le="10"}', `${before} ${going}`],
    ['tss_run_seconds_bucket{type="resize",le="+Inf"}', `${before} ${going}`],
    ['tss_run_seconds_count{type="resize"}', `${before} ${going}`],
  ];
};

/** One for each alert. */
export const SCENARIOS: readonly Scenario[] = [
  {
    alert: "TssStoreDown",
    labels: {},
    beyond: [flat("tss_store_up", 0)],
    notAt: "0s",
    at: "5s",
    within: [[flat("tss_store_up", 1)]],
  },
  { alert: "TssNoWorker", labels: mail, beyond: [unserved(1)], notAt: "55s", at: "60s", within: [[unserved(0)]] },
  { alert: "TssFailing", labels: mail, beyond: ends(2, 3), at: "10m", within: [ends(2, 2), ends(0, 0.1)] },
  {
    alert: "TssHeartbeatStalled",
    labels: { pool: "a" },
    beyond: [flat('tss_worker_heartbeat_age_seconds_max{pool="a"}', 11)],
    at: "0s",
    within: [[flat('tss_worker_heartbeat_age_seconds_max{pool="a"}', 10)]],
  },
  {
    alert: "TssWorkersDisconnected",
    labels: { pool: "a" },
    beyond: [flat('tss_workers{pool="a",state="disconnected",version="1"}', 1)],
    notAt: "5s",
    at: "10s",
    within: [[flat('tss_workers{pool="a",state="draining",version="1"}', 1)]],
  },
  {
    alert: "TssWorkersLost",
    labels: mail,
    beyond: [climbing('tss_attempts_finished_total{queue="mail",type="",outcome="lost"}', 1)],
    at: "5m",
    within: [[climbing('tss_attempts_finished_total{queue="mail",type="",outcome="failed"}', 1)]],
  },
  {
    alert: "TssSaturated",
    labels: mail,
    beyond: [...used(95), age(31)],
    notAt: "115s",
    at: "2m",
    within: [
      [...used(94), age(31)],
      [...used(95), age(30)],
    ],
  },
  {
    alert: "TssLimitBound",
    labels: mail,
    beyond: [...used(94), age(16), ready(2), unserved(1)],
    notAt: "25s",
    at: "30s",
    within: [
      [...used(95), age(16), ready(2)],
      [...used(94), age(15), ready(2)],
      [...used(94), age(16), ready(2), unserved(2)],
    ],
  },
  { alert: "TssRetryStorm", labels: mail, beyond: starts(2, 1), at: "5m", within: [starts(7, 3), starts(0, 0.2)] },
  {
    alert: "TssFailureSpike",
    labels: mail,
    beyond: ends(9, 1),
    at: "10m",
    within: [ends(19, 1), ends(2, 3), ends(0.05, 0.05)],
  },
  { alert: "TssStoreSlow", labels: {}, beyond: flushes(98, 2), at: "5m", within: [flushes(100, 0), flushes(0.1, 0.1)] },
  {
    alert: "TssSlowHandler",
    labels: { type: "resize" },
    interval: "1m",
    beyond: runs(1, "10"),
    at: "2h",
    within: [runs(1, "1"), runs(0.5, "10")],
  },
  { alert: "TssBacklogOld", labels: mail, beyond: [age(301)], at: "0s", within: [[age(300)]] },
  {
    alert: "TssQueuePaused",
    labels: mail,
    beyond: [flat('tss_blocked_tasks{queue="mail",reason="paused"}', 1)],
    notAt: "55s",
    at: "60s",
    within: [[flat('tss_blocked_tasks{queue="mail",reason="limit"}', 1)]],
  },
  {
    alert: "TssCoordinatorAway",
    labels: {},
    beyond: [flat("tss_workers", 0)],
    notAt: "55s",
    at: "60s",
    within: [[flat("tss_store_up", 0)]],
  },
  {
    alert: "TssVersionsMixed",
    labels: {},
    interval: "1m",
    beyond: [flat('tss_build_info{version="1"}', 1), flat('tss_build_info{version="2"}', 1)],
    notAt: "59m",
    at: "1h",
    within: [[flat('tss_build_info{version="1",part="a"}', 1), flat('tss_build_info{version="1",part="b"}', 1)]],
  },
];
