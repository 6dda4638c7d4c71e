import { GAUGE, GAUGES, isIdle, type PackedBucket } from "../kernel/stats/bucket.ts";
import type { RollupRow } from "../ports/stats-store.ts";
import type { Counted } from "./cells.ts";
import { isHeld, type QueueGauge } from "./gauges.ts";
import { ALL, keyOf } from "./key.ts";
import { type Closed, Track } from "./track.ts";

/** A key that nothing has happened to for this long is forgotten; its rollups are in the store. */
const IDLE_SECONDS = 3_600;

/** Every key that is followed, and what is added to it each second. */
export class Tracks {
  readonly all: Track;
  readonly #tracks = new Map<string, Track>();

  constructor() {
    this.all = this.of(null, null);
  }

  of(queue: string | null, type: string | null): Track {
    const key = keyOf(queue, type);
    let track = this.#tracks.get(key);
    if (track === undefined) {
      track = new Track(key, queue, type);
      this.#tracks.set(key, track);
    }
    return track;
  }

  find(key: string): Track | undefined {
    return this.#tracks.get(key);
  }

  [Symbol.iterator](): IterableIterator<Track> {
    return this.#tracks.values();
  }

  /** Types all queues together, or those of one queue. */
  types(queue: string | null): Track[] {
    return [...this.#tracks.values()].filter((track) => track.type !== null && track.queue === queue);
  }

  /** A second one that goes its own way from here. */
  fork(): Tracks {
    const copy = new Tracks();
    for (const track of this.#tracks.values()) copy.of(track.queue, track.type).copy(track);
    return copy;
  }

  /** Takes what a coordinator has counted. */
  take({ cells, store }: Counted): void {
    for (const [queue, type, counted] of cells) {
      this.all.second.merge(counted);
      this.of(queue, null).second.merge(counted);
      this.of(null, type).second.merge(counted);
      this.of(queue, type).second.merge(counted);
    }
    this.all.second.store.merge(store);
  }

  /** Notes what waits and runs. @param system slots, slots used and workers. */
  sample(
    queues: ReadonlyMap<string, QueueGauge>,
    now: number,
    system: Readonly<Record<"slots" | "slotsUsed" | "workers", number>>,
  ): void {
    const sum = new Array<number>(GAUGES.length).fill(0);
    for (const gauge of queues.values()) {
      const sample = gaugesOf(gauge, now);
      for (const name of ["ready", "running", "held"] as const) sum[GAUGE[name]]! += sample[GAUGE[name]] as number;
      sum[GAUGE.oldestMs] = Math.max(sum[GAUGE.oldestMs] as number, sample[GAUGE.oldestMs] as number);
      const idle = !sample[GAUGE.ready] && !sample[GAUGE.running] && !sample[GAUGE.held];
      const known = this.#tracks.get(keyOf(gauge.queue, null));
      if (!idle || known !== undefined) (known ?? this.of(gauge.queue, null)).second.sample(sample);
    }
    sum[GAUGE.samples] = 1;
    for (const name of ["slots", "slotsUsed", "workers"] as const) sum[GAUGE[name]] = system[name];
    this.all.second.sample(sum);
  }

  /** @returns what is to be stored; a key other than all of them is left out where nothing moved or was there. */
  closeBuckets(lastAt: number, nextAt: number, owner: number): RollupRow[] {
    const rows: RollupRow[] = [];
    this.turn(lastAt, nextAt, ({ key }, closed) => {
      if (key === ALL || !isIdle(closed.bucket)) rows.push(rollupRow(key, closed, owner));
    });
    return rows;
  }

  /** Closes what ends between the last second and the next. */
  turn(lastAt: number, nextAt: number, keep: (track: Track, closed: Closed) => void = () => {}): void {
    for (const track of this.#tracks.values()) {
      for (const closed of track.closeBuckets(lastAt, nextAt)) keep(track, closed);
      if (track.idleSeconds > IDLE_SECONDS && track !== this.all) this.#tracks.delete(track.key);
    }
  }

  /** What is counted in the open buckets of a resolution: a later row of the same time takes its place. */
  openRows(resolutionMs: number, at: number, owner: number): RollupRow[] {
    const start = Math.floor(at / resolutionMs) * resolutionMs;
    return [...this.#tracks.values()].flatMap((track) => {
      const bucket = track.open(resolutionMs).pack();
      return track.key !== ALL && isIdle(bucket)
        ? []
        : [rollupRow(track.key, { resolutionMs, at: start, bucket }, owner)];
    });
  }

  /** Ends the second of every key. @returns what happened, by queue; "" is all of them. */
  closeSecond(at: number): Map<string, PackedBucket> {
    const seconds = new Map<string, PackedBucket>();
    for (const track of this.#tracks.values()) {
      const bucket = track.closeSecond(at);
      if (track.type === null && (track.queue === null || !isIdle(bucket))) seconds.set(track.queue ?? "", bucket);
    }
    return seconds;
  }
}

function gaugesOf(gauge: QueueGauge, now: number): number[] {
  const { paused, ready, throttled, running, scheduled, retrying, blocked, readySince } = gauge;
  const sample = new Array<number>(GAUGES.length).fill(0);
  sample[GAUGE.samples] = 1;
  sample[GAUGE.ready] = paused ? 0 : ready;
  sample[GAUGE.running] = running;
  sample[GAUGE.held] = scheduled + retrying + blocked + throttled + (paused ? ready : 0);
  sample[GAUGE.oldestMs] = isHeld(gauge) || readySince === 0 ? 0 : Math.max(now - readySince, 0);
  return sample;
}

function rollupRow(key: string, { resolutionMs, at, bucket }: Closed, owner: number): RollupRow {
  return { key, resolutionMs, at, owner, body: JSON.stringify(bucket) };
}
