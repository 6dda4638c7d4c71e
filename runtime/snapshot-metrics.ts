import { Gauge } from "prom-client";
import { LabelNames } from "./label-names.ts";
import type { Metrics } from "./metrics.ts";

/** The system as it is at a scrape. Durations are milliseconds. */
export interface Snapshot {
  readonly queues: readonly QueueSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  /** Watchers, log followers and other readers of streams. */
  readonly streamClients: number;
  readonly locks: { readonly holders: number; readonly waiters: number };
  /** The store can be written. */
  readonly storeUp: boolean;
}

export interface QueueSnapshot {
  readonly queue: string;
  /** Tasks now, by state: ready, scheduled, blocked, retrying, running … */
  readonly states: Readonly<Record<string, number>>;
  /** Undefined: none is ready. */
  readonly oldestReadyAgeMs: number | undefined;
  readonly paused: boolean;
  /** Attempts that may run at a time; 0: no limit. */
  readonly limit: number;
  /** Tasks that wait for something else than a free slot, by what: paused, limit, lock, no_worker, not_before, back_off … */
  readonly blocked: Readonly<Record<string, number>>;
  /** Slots of the workers that serve it. */
  readonly slotsUsed: number;
  readonly slotsFree: number;
}

export interface WorkerSnapshot {
  /** Worker label `pool`; "default" where it has none. */
  readonly pool: string;
  readonly state: "active" | "draining" | "disconnected";
  readonly version: string;
  readonly slotsUsed: number;
  readonly slotsFree: number;
  readonly heartbeatAgeMs: number;
}

const NAMES = 100;

/** Gauges that are read from memory when somebody scrapes, and cost nothing between. */
export function reportSnapshot({ registry }: Metrics, take: () => Snapshot): void {
  const snapshot = oncePerTurn(take);
  const queues = new LabelNames(NAMES);
  const pools = new LabelNames(NAMES);
  const versions = new LabelNames(NAMES);
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[], fill: Fill<L>): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        fill(this, snapshot());
      },
    });
  };
  gauge("tss_tasks", "Tasks that have not ended, by queue and state.", ["queue", "state"], (self, { queues: all }) => {
    for (const { queue, states } of all)
      for (const [state, count] of Object.entries(states)) self.inc({ queue: queues.of(queue), state }, count);
  });
  gauge("tss_queue_oldest_ready_age_seconds", "Age of the oldest ready task.", ["queue"], (self, { queues: all }) => {
    // Queues beyond the bound share a label: the oldest of them is told.
    for (const [queue, ms] of greatest(all, (one) => [queues.of(one.queue), one.oldestReadyAgeMs ?? 0]))
      self.set({ queue }, ms / 1000);
  });
  gauge("tss_queue_paused", "1: the queue is paused.", ["queue"], (self, { queues: all }) => {
    for (const [queue, paused] of greatest(all, (one) => [queues.of(one.queue), one.paused ? 1 : 0]))
      self.set({ queue }, paused);
  });
  gauge("tss_queue_limit", "Attempts of the queue that may run at a time.", ["queue"], (self, { queues: all }) => {
    const limited = all.filter(({ limit }) => limit > 0);
    for (const [queue, limit] of greatest(limited, (one) => [queues.of(one.queue), one.limit]))
      self.set({ queue }, limit);
  });
  gauge("tss_blocked_tasks", "Tasks that no free slot helps.", ["queue", "reason"], (self, { queues: all }) => {
    for (const { queue, blocked } of all)
      for (const [reason, count] of Object.entries(blocked)) self.inc({ queue: queues.of(queue), reason }, count);
  });
  gauge("tss_queue_slots", "Slots of workers that serve the queue.", ["queue", "kind"], (self, { queues: all }) => {
    for (const { queue, slotsUsed, slotsFree } of all) {
      self.inc({ queue: queues.of(queue), kind: "used" }, slotsUsed);
      self.inc({ queue: queues.of(queue), kind: "free" }, slotsFree);
    }
  });
  gauge("tss_store_up", "1: the store can be written.", [], (self, { storeUp }) => self.set(storeUp ? 1 : 0));
  gauge("tss_worker_slots", "Slots of workers, used and free.", ["pool", "kind"], (self, { workers }) => {
    for (const { pool, slotsUsed, slotsFree } of workers) {
      self.inc({ pool: pools.of(pool), kind: "used" }, slotsUsed);
      self.inc({ pool: pools.of(pool), kind: "free" }, slotsFree);
    }
  });
  gauge("tss_workers", "Workers with a session.", ["pool", "state", "version"], (self, { workers }) => {
    for (const { pool, state, version } of workers)
      self.inc({ pool: pools.of(pool), state, version: versions.of(version) }, 1);
  });
  gauge("tss_worker_heartbeat_age_seconds_max", "Longest silence of a worker.", ["pool"], (self, { workers }) => {
    for (const [pool, ms] of greatest(workers, (one) => [pools.of(one.pool), one.heartbeatAgeMs]))
      self.set({ pool }, ms / 1000);
  });
  gauge("tss_stream_clients", "Readers of streams: watchers and log followers.", [], (self, { streamClients }) =>
    self.set(streamClients),
  );
  gauge("tss_locks", "Holders and waiters of locks.", ["kind"], (self, { locks }) => {
    self.set({ kind: "holder" }, locks.holders);
    self.set({ kind: "waiter" }, locks.waiters);
  });
}

type Fill<L extends string> = (self: Gauge<L>, snapshot: Snapshot) => void;

/** One scrape asks every gauge in one turn: they share a snapshot. */
function oncePerTurn<T>(take: () => T): () => T {
  let taken: { readonly value: T } | null = null;
  return () => {
    if (taken === null) {
      taken = { value: take() };
      setImmediate(() => {
        taken = null;
      });
    }
    return taken.value;
  };
}

function greatest<T>(items: readonly T[], read: (item: T) => readonly [string, number]): Map<string, number> {
  const found = new Map<string, number>();
  for (const item of items) {
    const [label, value] = read(item);
    found.set(label, Math.max(found.get(label) ?? 0, value));
  }
  return found;
}
