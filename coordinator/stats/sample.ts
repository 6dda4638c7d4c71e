import { LIMITS } from "../../proto/limits.ts";
import type { PackedHistogram } from "../kernel/stats/histogram.ts";
import type { Recorded } from "./activity-log.ts";
import type { Counted, CountedCell } from "./cells.ts";
import type { HeardFailures } from "./failure-book.ts";
import type { PoolGauge, QueueGauge, ServingGauge, WorkerGauges } from "./gauges.ts";

/** What one coordinator tells the others once a second. */
export interface Sample extends Counted {
  readonly cells: readonly CountedCell[];
  /** Number of its run among the owners of rollups. */
  readonly owner: number;
  /** Its wall clock, ms. */
  readonly now: number;
  /** The first of a stream that goes on from nothing: its failures are all of the minute under way. */
  readonly begins: boolean;
  readonly queues: readonly QueueGauge[];
  readonly streaming: WorkerGauges;
  readonly polling: WorkerGauges;
  readonly failures: readonly HeardFailures[];
  readonly marks: readonly Recorded[];
  readonly problem: StoreHealth;
  /** Of the first of a stream: what was counted before, for one who has not heard it. Absent: nothing. */
  readonly past?: readonly PastSecond[];
}

/** What was counted in a second. */
export interface PastSecond {
  /** Its start, ms since 1970 by the clock of who counted. */
  readonly at: number;
  readonly cells: readonly CountedCell[];
}

/** What is wrong with the store, "" when it is well, and for how long. */
export interface StoreHealth {
  readonly problem: string;
  readonly awayMs: number;
}

/** Of each kind: far more queues and pools than anybody looks at. */
const MOST = 5_000;
/** A sample must fit into a message, with room for the message around it. */
const SAMPLE_BYTES = LIMITS.messageBytes - 65_536;

interface PackedWorkers {
  readonly pools: readonly (Omit<PoolGauge, "versions"> & {
    readonly versions: readonly (readonly [string, number])[];
  })[];
  readonly everywhere: ServingGauge;
  readonly byQueue: readonly (readonly [string, ServingGauge])[];
  readonly silentMs: number;
  readonly silent: string;
}

interface PackedSample extends Omit<Sample, "streaming" | "polling" | "store"> {
  readonly store?: PackedHistogram;
  readonly streaming: PackedWorkers;
  readonly polling: PackedWorkers;
}

/** What does not fit is left out: it is in the rollups. */
export function encodeSample(sample: Sample): string {
  for (let most = MOST; ; most = Math.floor(most / 2)) {
    const text = JSON.stringify(pack(sample, most));
    if (Buffer.byteLength(text) <= SAMPLE_BYTES || most === 0) return text;
  }
}

function pack({ store, ...sample }: Sample, most: number): PackedSample {
  return {
    ...sample,
    ...(store === undefined ? {} : { store }),
    cells: sample.cells.slice(0, most),
    failures: sample.failures.slice(0, most),
    marks: sample.marks.slice(0, most),
    ...(sample.past === undefined
      ? {}
      : { past: sample.past.map(({ at, cells }) => ({ at, cells: cells.slice(0, most) })) }),
    queues: sample.queues.filter(isBusy).slice(0, most),
    streaming: packWorkers(sample.streaming, most),
    polling: packWorkers(sample.polling, most),
  };
}

/** @throws SyntaxError or TypeError for what is no sample. */
export function decodeSample(text: string): Sample {
  const packed = JSON.parse(text) as PackedSample;
  return {
    ...packed,
    store: packed.store,
    streaming: unpackWorkers(packed.streaming),
    polling: unpackWorkers(packed.polling),
  };
}

function isBusy({ ready, throttled, scheduled, retrying, blocked, running }: QueueGauge): boolean {
  return ready + throttled + scheduled + retrying + blocked + running > 0;
}

function packWorkers({ pools, byQueue, ...rest }: WorkerGauges, most: number): PackedWorkers {
  return {
    ...rest,
    pools: [...pools.values()].slice(0, most).map((pool) => ({ ...pool, versions: [...pool.versions] })),
    byQueue: [...byQueue].slice(0, most),
  };
}

function unpackWorkers({ pools, byQueue, ...rest }: PackedWorkers): WorkerGauges {
  return {
    ...rest,
    pools: new Map(pools.map((pool) => [pool.pool, { ...pool, versions: new Map(pool.versions) }])),
    byQueue: new Map(byQueue),
  };
}
