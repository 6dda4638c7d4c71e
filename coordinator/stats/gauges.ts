import type { Item } from "../engine/item.ts";
import type { Lane } from "../engine/lanes.ts";
import { connectionOf, type Session } from "../engine/session.ts";
import type { EngineState } from "../engine/state.ts";

/** What waits and runs in a queue now. */
export interface QueueGauge {
  readonly queue: string;
  readonly paused: boolean;
  /** As many attempts run as its limit allows. */
  readonly full: boolean;
  /** Ready for a worker, unless the queue is paused. */
  ready: number;
  /** Ready, but for the limit; none is counted as ready then. */
  throttled: number;
  scheduled: number;
  retrying: number;
  /** Would be ready, and others hold the locks they need. */
  blocked: number;
  running: number;
  /** Wall clock since when its oldest task could have been taken; 0: none. */
  readySince: number;
  /** Ready tasks that no connected worker could take, and lanes they are in. */
  unserved: number;
}

/**
 * Reads what waits and runs from the owner's memory, in one pass over lanes and tasks in hand. Exact, but for lanes whose
 * tail is only in the store: what is neither running nor resting there counts as ready.
 */
export function readQueues(state: EngineState): Map<string, QueueGauge> {
  const gauges = new Map<string, QueueGauge>();
  const gaugeOf = (queue: string): QueueGauge => {
    let gauge = gauges.get(queue);
    if (gauge === undefined) {
      const paused = state.queues.get(queue)?.paused ?? false;
      const full = state.rooms.get(queue)?.isFull ?? false;
      gauge = {
        ...{ queue, paused, full, ready: 0, throttled: 0, scheduled: 0, retrying: 0, blocked: 0, running: 0 },
        ...{ readySince: 0, unserved: 0 },
      };
      gauges.set(queue, gauge);
    }
    return gauge;
  };
  for (const queue of state.queues.keys()) gaugeOf(queue);
  const inHand = new Map<Lane, number>();
  for (const item of state.items.values()) {
    countItem(gaugeOf(item.lane.key.queue), item);
    if (item.state !== "returned") inHand.set(item.lane, (inHand.get(item.lane) ?? 0) + 1);
  }
  for (const lane of state.lanes.values()) countLane(gaugeOf(lane.key.queue), lane, inHand.get(lane) ?? 0);
  for (const gauge of gauges.values()) {
    if (!gauge.full || gauge.paused) continue;
    gauge.throttled = gauge.ready;
    gauge.ready = 0;
    gauge.unserved = 0;
  }
  return gauges;
}

/** Whether what is ready waits for something else than a worker. */
export function isHeld({ paused, full }: Pick<QueueGauge, "paused" | "full">): boolean {
  return paused || full;
}

function countItem(gauge: QueueGauge, item: Item): void {
  if (item.state === "resting") {
    if (item.retrying) gauge.retrying++;
    else gauge.scheduled++;
  } else if (item.state === "running" && item.attempt?.committed) gauge.running++;
}

function countLane(gauge: QueueGauge, lane: Lane, inHand: number): void {
  let inMemory = lane.returned.length;
  let paged = false;
  let since = Number.POSITIVE_INFINITY;
  for (const window of lane.windows()) {
    inMemory += window.count;
    paged ||= window.paged;
    const head = window.count > 0 ? window.peek() : null;
    if (head !== null) since = Math.min(since, Math.max(head.createdAt, head.runAt));
  }
  const [back] = lane.returned;
  if (back !== undefined) since = Math.min(since, Math.max(back.head.createdAt, back.head.runAt, back.dueAt));
  let open = 0;
  for (const count of lane.open.values()) open += count;
  const beyond = Math.max(open - inHand - inMemory, 0);
  const ready = paged ? inMemory + beyond : inMemory;
  // Not in memory and not waiting for a worker: its time comes later than the owner looks ahead.
  if (!paged) gauge.scheduled += beyond;
  if (lane.locks?.isBlocked && !isHeld(gauge)) {
    gauge.blocked += ready;
    return;
  }
  gauge.ready += ready;
  if (lane.servedBy === 0) gauge.unserved += ready;
  if (since !== Number.POSITIVE_INFINITY && (gauge.readySince === 0 || since < gauge.readySince))
    gauge.readySince = since;
}

/** The state of a worker's session in the words of the contract. */
export type WorkerMood = "active" | "draining" | "disconnected";

export function moodOf(state: EngineState, session: Session): WorkerMood {
  return connectionOf(session, state.clock.monotonic(), state.config.leaseTtlMs);
}

export interface PoolGauge {
  readonly pool: string;
  workers: number;
  draining: number;
  disconnected: number;
  slots: number;
  slotsUsed: number;
  heartbeatAgeMs: number;
  readonly versions: Map<string, number>;
}

/** Workers and slots that could serve a queue now. */
export interface ServingGauge {
  workers: number;
  slots: number;
  slotsUsed: number;
}

export interface WorkerGauges {
  readonly pools: Map<string, PoolGauge>;
  /** Workers that serve any queue. */
  readonly everywhere: ServingGauge;
  /** Workers that serve only some queues, by queue. */
  readonly byQueue: Map<string, ServingGauge>;
  /** The longest silence, and whose; "": nobody. */
  silentMs: number;
  silent: string;
}

export const DEFAULT_POOL = "default";

/** One pass over the sessions. @param of which of them; absent: all. */
export function readWorkers(state: EngineState, of: (session: Session) => boolean = () => true): WorkerGauges {
  const pools = new Map<string, PoolGauge>();
  const everywhere = { workers: 0, slots: 0, slotsUsed: 0 };
  const byQueue = new Map<string, ServingGauge>();
  const now = state.clock.monotonic();
  let silentMs = 0;
  let silent = "";
  for (const session of state.sessions.values()) {
    if (!of(session)) continue;
    const mood = moodOf(state, session);
    const { info, profile, held } = session;
    const age = Math.round(Math.max(now - session.seenAt, 0));
    const pool = poolOf(pools, info.labels["pool"] ?? DEFAULT_POOL);
    pool.workers++;
    if (mood !== "active") pool[mood]++;
    pool.heartbeatAgeMs = Math.max(pool.heartbeatAgeMs, age);
    pool.versions.set(info.version, (pool.versions.get(info.version) ?? 0) + 1);
    if (age > silentMs) {
      silentMs = age;
      silent = info.name;
    }
    const slots = mood === "active" ? info.slots : held.size;
    pool.slots += slots;
    pool.slotsUsed += held.size;
    if (mood !== "active") continue;
    const serving =
      profile.queues.size === 0 ? [everywhere] : [...profile.queues].map((name) => servingOf(byQueue, name));
    for (const gauge of serving) {
      gauge.workers++;
      gauge.slots += slots;
      gauge.slotsUsed += held.size;
    }
  }
  return { pools, everywhere, byQueue, silentMs, silent };
}

/** Slots and workers of all pools together. */
export function totalsOf({ pools }: WorkerGauges) {
  const totals = { slots: 0, slotsUsed: 0, workers: 0 };
  for (const pool of pools.values()) {
    totals.slots += pool.slots;
    totals.slotsUsed += pool.slotsUsed;
    totals.workers += pool.workers;
  }
  return totals;
}

export function poolOf(pools: Map<string, PoolGauge>, pool: string): PoolGauge {
  let gauge = pools.get(pool);
  if (gauge === undefined) {
    gauge = {
      ...{ pool, workers: 0, draining: 0, disconnected: 0, slots: 0, slotsUsed: 0, heartbeatAgeMs: 0 },
      versions: new Map(),
    };
    pools.set(pool, gauge);
  }
  return gauge;
}

export function servingOf(byQueue: Map<string, ServingGauge>, queue: string): ServingGauge {
  let gauge = byQueue.get(queue);
  if (gauge === undefined) {
    gauge = { workers: 0, slots: 0, slotsUsed: 0 };
    byQueue.set(queue, gauge);
  }
  return gauge;
}
