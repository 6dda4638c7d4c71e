import { expect, test } from "@jest/globals";
import {
  createGrpcMetrics,
  createHttpMetrics,
  createLockMetrics,
  createStoreMetrics,
  createStreamDrops,
} from "../../runtime/call-metrics.ts";
import { createMetrics, type Metrics } from "../../runtime/metrics.ts";
import { reportSnapshot, type Snapshot } from "../../runtime/snapshot-metrics.ts";
import { counterFamily, histogramFamily } from "../../runtime/tally.ts";
import { createTaskMetrics } from "../../runtime/task-metrics.ts";

async function lines(metrics: Metrics, start: string): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) => line.startsWith(start));
}

const make = (): Metrics => createMetrics("coordinator", "5.0.0");

test("a process tells its build and what Node says", async () => {
  const metrics = make();
  expect(await lines(metrics, "tss_build_info")).toEqual(['tss_build_info{part="coordinator",version="5.0.0"} 1']);
  expect(await lines(metrics, "process_resident_memory_bytes")).toHaveLength(1);
});

test("counts add up over scrapes", async () => {
  const metrics = make();
  const cell = counterFamily(metrics.registry, "things_total", "Things.", ["kind"]).cell("a");
  cell.inc();
  cell.inc(4);
  expect(await lines(metrics, "things_total")).toEqual(['things_total{kind="a"} 5']);
  cell.inc();
  expect(await lines(metrics, "things_total")).toEqual(['things_total{kind="a"} 6']);
});

test("a histogram puts values at, below and beyond its bounds where Prometheus expects them", async () => {
  const metrics = make();
  const cell = histogramFamily(metrics.registry, "took_seconds", "Took.", ["op"], [0.1, 1]).cell("read");
  cell.observe(0.1);
  cell.observe(0.5, 2);
  cell.observe(7);
  cell.observe(Number.NaN);
  expect(await lines(metrics, "took_seconds")).toEqual([
    'took_seconds_bucket{op="read",le="0.1"} 1',
    'took_seconds_bucket{op="read",le="1"} 3',
    'took_seconds_bucket{op="read",le="+Inf"} 4',
    'took_seconds_sum{op="read"} 8.1',
    'took_seconds_count{op="read"} 4',
  ]);
});

test("label values are escaped", async () => {
  const metrics = make();
  counterFamily(metrics.registry, "odd_total", "Odd.", ["kind"]).cell('a"b\n').inc();
  expect(await lines(metrics, "odd_total")).toEqual(['odd_total{kind="a\\"b\\n"} 1']);
});

test("a task leaves its marks", async () => {
  const metrics = make();
  const tasks = createTaskMetrics(metrics);
  tasks.submitted("mail", "send", 3);
  tasks.started("mail", "send", false, 2);
  tasks.started("mail", "send", true, 40);
  tasks.attemptFinished("mail", "send", "failed", 20);
  tasks.finished("mail", "send", "succeeded", 90);
  tasks.timerLag(4);
  tasks.dispatched("sync", 2);
  const text = await metrics.text();
  for (const line of [
    'tss_tasks_submitted_total{queue="mail",type="send"} 3',
    'tss_attempts_started_total{queue="mail",type="send",attempt="retry"} 1',
    'tss_attempts_finished_total{queue="mail",type="send",outcome="failed"} 1',
    'tss_tasks_finished_total{queue="mail",type="send",outcome="succeeded"} 1',
    'tss_schedule_to_start_seconds_bucket{queue="mail",attempt="first",le="0.0025"} 1',
    'tss_run_seconds_sum{queue="mail",type="send",outcome="failed"} 0.02',
    'tss_end_to_end_seconds_count{queue="mail",type="send"} 1',
    "tss_timer_lag_seconds_count 1",
    'tss_dispatch_total{mode="sync"} 2',
  ])
    expect(text).toContain(`${line}\n`);
});

test("made-up queues and types become other, and nothing is lost", async () => {
  const metrics = make();
  const tasks = createTaskMetrics(metrics, { names: 3, pairs: 4 });
  for (let queue = 0; queue < 50; queue++)
    for (let type = 0; type < 50; type++) tasks.submitted(`q${queue}`, `t${type}`, 1);
  const counted = await lines(metrics, "tss_tasks_submitted_total");
  expect(counted.length).toBeLessThanOrEqual(8);
  expect(counted.map((line) => Number(line.split(" ").at(-1))).reduce((a, b) => a + b)).toBe(2_500);
  expect(counted.some((line) => line.includes('queue="other",type="other"'))).toBe(true);
});

test("gauges tell what is there at the scrape, and ask for it once", async () => {
  const metrics = make();
  let taken = 0;
  let paused = false;
  const slots = { blocked: { no_worker: 2 }, slotsUsed: 3, slotsFree: 1 };
  const snapshot = (): Snapshot => {
    taken++;
    return {
      queues: [
        { queue: "mail", states: { ready: 3, running: 1 }, oldestReadyAgeMs: 1_500, paused, limit: 4, ...slots },
      ],
      storeUp: true,
      workers: [
        { pool: "default", state: "active", version: "5", slotsUsed: 1, slotsFree: 3, heartbeatAgeMs: 100 },
        { pool: "default", state: "active", version: "5", slotsUsed: 2, slotsFree: 0, heartbeatAgeMs: 4_000 },
      ],
      streamClients: 2,
      locks: { holders: 3, waiters: 1 },
    };
  };
  reportSnapshot(metrics, snapshot);
  const text = await metrics.text();
  expect(taken).toBe(1);
  for (const line of [
    'tss_tasks{queue="mail",state="ready"} 3',
    'tss_queue_oldest_ready_age_seconds{queue="mail"} 1.5',
    'tss_queue_paused{queue="mail"} 0',
    'tss_queue_limit{queue="mail"} 4',
    'tss_blocked_tasks{queue="mail",reason="no_worker"} 2',
    'tss_queue_slots{queue="mail",kind="free"} 1',
    "tss_store_up 1",
    'tss_worker_slots{pool="default",kind="used"} 3',
    'tss_workers{pool="default",state="active",version="5"} 2',
    'tss_worker_heartbeat_age_seconds_max{pool="default"} 4',
    "tss_stream_clients 2",
    'tss_locks{kind="holder"} 3',
    'tss_locks{kind="waiter"} 1',
  ])
    expect(text).toContain(`${line}\n`);
  paused = true;
  // A snapshot serves one turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  expect(await lines(metrics, "tss_queue_paused")).toEqual(['tss_queue_paused{queue="mail"} 1']);
});

test("calls, requests, store calls and drops are counted", async () => {
  const metrics = make();
  const grpc = createGrpcMetrics(metrics);
  grpc.started("tss.v1.TaskService/GetTask");
  grpc.ended("tss.v1.TaskService/GetTask", 5, 3);
  grpc.connections(2);
  createHttpMetrics(metrics).ended("GET", "/task/query/{id}", 404, 3);
  const store = createStoreMetrics(metrics);
  store.flushed(70, 2);
  store.took("refill", 1);
  createStreamDrops(metrics)(3);
  createLockMetrics(metrics)(40);
  const text = await metrics.text();
  for (const line of [
    'tss_grpc_calls_started_total{method="tss.v1.TaskService/GetTask"} 1',
    'tss_grpc_calls_finished_total{method="tss.v1.TaskService/GetTask",code="5"} 1',
    "tss_grpc_connections 2",
    'tss_http_requests_total{method="GET",route="/task/query/{id}",status="404"} 1',
    "tss_store_rows_total 70",
    'tss_store_op_seconds_count{op="flush"} 1',
    'tss_store_op_seconds_count{op="refill"} 1',
    "tss_stream_dropped_total 3",
    "tss_lock_wait_seconds_count 1",
  ])
    expect(text).toContain(`${line}\n`);
});
