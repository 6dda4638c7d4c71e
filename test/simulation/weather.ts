import type { EngineConfig } from "../../coordinator/engine/state.ts";
import type { Chance } from "./chance.ts";

/** What may go wrong in a history, and how often: each kind is there in some histories only, so that none hides another. */
export interface Weather {
  /** Length of the storm in ms. */
  readonly stormMs: number;
  /** Usual time of one way between two processes, ms. */
  readonly latencyMs: number;
  /** Share of calls of the store that fail, before or after they were carried out. */
  readonly storeFailures: number;
  readonly outages: number;
  readonly crashes: number;
  /** Share of the engine's failpoints at which its process dies. */
  readonly failpointDeaths: number;
  readonly takeovers: number;
  /** Times that a coordinator is stopped for a while. */
  readonly stops: number;
  readonly restarts: number;
  /** Connections of workers that break. */
  readonly cuts: number;
  readonly workerDeaths: number;
  readonly workerStops: number;
  /** Share of messages between clients and coordinators that are lost or come twice. */
  readonly loss: number;
  readonly duplicates: number;
  readonly clockSteps: number;
}

/** Everything of a history that is drawn before it begins. */
export interface Plan {
  readonly weather: Weather;
  readonly config: EngineConfig;
  readonly shards: number;
  readonly clients: number;
  readonly workers: number;
  readonly requests: number;
}

export function drawPlan(chance: Chance): Plan {
  const sometimes = (share: number, draw: () => number) => (chance.odds(share) ? draw() : 0);
  const upTo = (most: number) => () => 1 + chance.below(most);
  const weather: Weather = {
    stormMs: chance.between(1_500, 6_000),
    latencyMs: chance.pick([0.2, 1, 5]),
    storeFailures: sometimes(0.5, () => chance.pick([0.01, 0.04, 0.15])),
    outages: sometimes(0.25, upTo(2)),
    crashes: sometimes(0.5, upTo(4)),
    failpointDeaths: sometimes(0.3, () => chance.pick([0.01, 0.05])),
    takeovers: sometimes(0.3, upTo(2)),
    stops: sometimes(0.25, upTo(2)),
    restarts: sometimes(0.2, upTo(2)),
    cuts: sometimes(0.5, upTo(6)),
    workerDeaths: sometimes(0.25, upTo(2)),
    workerStops: sometimes(0.25, upTo(2)),
    loss: sometimes(0.4, () => chance.pick([0.02, 0.1, 0.3])),
    duplicates: sometimes(0.4, () => chance.pick([0.02, 0.1, 0.3])),
    clockSteps: sometimes(0.2, upTo(3)),
  };
  return {
    weather,
    config: drawConfig(chance),
    shards: chance.pick([1, 2, 4]),
    clients: 1 + chance.below(3),
    workers: 1 + chance.below(3),
    requests: 2 + chance.below(6),
  };
}

function drawConfig(chance: Chance): EngineConfig {
  return {
    defaults: { retry: { limit: 0, intervalMs: 50 }, timeoutMs: 0 },
    leaseTtlMs: chance.pick([1_000, 2_000, 3_000]),
    retentionMs: chance.pick([1_500, 3_600_000]),
    segmentRows: chance.pick([5, 20, 1_000_000]),
    segmentAgeMs: chance.pick([2_000, 3_600_000]),
    memoryHeads: chance.pick([4, 40, 200_000]),
    memoryBytes: 64 * 1024 * 1024,
    inboxBytes: 32 * 1024 * 1024,
    checkpointMs: chance.pick([300, 1_000, 3_000]),
    horizonMs: chance.pick([1_000, 2_000, 60_000]),
    maxMoved: chance.pick([2, 10_000]),
    janitorMs: chance.pick([500, 2_000]),
    awayPatienceMs: chance.pick([800, 4_000]),
  };
}
