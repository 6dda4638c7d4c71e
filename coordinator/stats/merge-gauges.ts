import {
  isHeld,
  type PoolGauge,
  poolOf,
  type QueueGauge,
  type ServingGauge,
  servingOf,
  type WorkerGauges,
} from "./gauges.ts";

/** The queues of several coordinators: each has some of the tasks of every queue. */
export function mergeQueues(parts: readonly Iterable<QueueGauge>[]): Map<string, QueueGauge> {
  const whole = new Map<string, QueueGauge>();
  for (const part of parts)
    for (const gauge of part) {
      const before = whole.get(gauge.queue);
      whole.set(gauge.queue, before === undefined ? { ...gauge, readySince: since(gauge) } : join(before, gauge));
    }
  return whole;
}

function join(a: QueueGauge, b: QueueGauge): QueueGauge {
  const [one, other] = [a.readySince, since(b)];
  return {
    queue: a.queue,
    paused: a.paused || b.paused,
    // Each has its share of the limit: one that is not full takes more.
    full: a.full && b.full,
    ready: a.ready + b.ready,
    throttled: a.throttled + b.throttled,
    scheduled: a.scheduled + b.scheduled,
    retrying: a.retrying + b.retrying,
    blocked: a.blocked + b.blocked,
    running: a.running + b.running,
    readySince: one === 0 || other === 0 ? one + other : Math.min(one, other),
    unserved: a.unserved + b.unserved,
  };
}

/** What is held back where it lies is not the oldest that a worker could take. */
function since(gauge: QueueGauge): number {
  return isHeld(gauge) ? 0 : gauge.readySince;
}

type Join = (a: number, b: number) => number;
const sum: Join = (a, b) => a + b;

/**
 * The workers of several coordinators.
 * @param streaming such as hold a session with each of them, and the same slots in all.
 * @param polling such as are known to one coordinator only.
 */
export function mergeWorkers(streaming: readonly WorkerGauges[], polling: readonly WorkerGauges[]): WorkerGauges {
  const whole: WorkerGauges = {
    pools: new Map(),
    everywhere: { workers: 0, slots: 0, slotsUsed: 0 },
    byQueue: new Map(),
    ...{ silentMs: 0, silent: "" },
  };
  for (const part of streaming) addWorkers(whole, part, Math.max);
  for (const part of polling) addWorkers(whole, part, sum);
  return whole;
}

function addWorkers(whole: WorkerGauges, part: WorkerGauges, join: Join): void {
  for (const pool of part.pools.values()) addPool(poolOf(whole.pools, pool.pool), pool, join);
  addServing(whole.everywhere, part.everywhere, join);
  for (const [queue, serving] of part.byQueue) addServing(servingOf(whole.byQueue, queue), serving, join);
  if (part.silentMs <= whole.silentMs) return;
  whole.silentMs = part.silentMs;
  whole.silent = part.silent;
}

function addPool(pool: PoolGauge, part: PoolGauge, join: Join): void {
  addServing(pool, part, join);
  pool.draining = join(pool.draining, part.draining);
  pool.disconnected = join(pool.disconnected, part.disconnected);
  pool.heartbeatAgeMs = Math.max(pool.heartbeatAgeMs, part.heartbeatAgeMs);
  for (const [version, count] of part.versions)
    pool.versions.set(version, join(pool.versions.get(version) ?? 0, count));
}

/** What a worker runs is counted by the coordinator that gave it, whoever else knows the worker. */
function addServing(to: ServingGauge, part: ServingGauge, join: Join): void {
  to.workers = join(to.workers, part.workers);
  to.slots = join(to.slots, part.slots);
  to.slotsUsed += part.slotsUsed;
}
