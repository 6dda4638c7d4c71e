import { randomBytes } from "node:crypto";
import type { EngineState } from "../engine/state.ts";
import type { PackedBucket } from "../kernel/stats/bucket.ts";
import type { Board } from "./board.ts";
import type { Cells, Counted, CountedCell } from "./cells.ts";
import type { FailureBook } from "./failure-book.ts";
import { type QueueGauge, readQueues, readWorkers, type WorkerGauges } from "./gauges.ts";
import type { RollupWriter } from "./rollup-writer.ts";
import type { Samples } from "./samples.ts";
import type { Tracks } from "./tracks.ts";

/** Reading the gauges may take this share of the time; where it costs more, it is done less often. */
const GAUGE_SHARE = 0.01;
/** The same for readings that somebody asks for. */
const REFRESH_SHARE = 0.05;
const HOUR_MS = 3_600_000;
/** How often the hour under way is stored, so that a crash costs a chart no more than this. */
const SAVE_HOUR_MS = 300_000;
const PRUNE_MS = 600_000;

export interface SamplerParts {
  readonly state: EngineState;
  readonly cells: Cells;
  readonly tracks: Tracks;
  readonly failures: FailureBook;
  readonly writer: RollupWriter;
  /** Number of this run among the owners of rollups. */
  readonly owner: number;
  readonly board: Board;
  readonly samples: Samples;
}

/** A second that has passed, as this coordinator saw it. */
export interface OwnSecond {
  /** Its start. */
  readonly at: number;
  readonly now: number;
  readonly counted: Pick<Counted, "store"> & { readonly cells: readonly CountedCell[] };
  readonly gauges: ReadonlyMap<string, QueueGauge>;
  /** What happened, by queue; "" is all of them. */
  readonly seconds: ReadonlyMap<string, PackedBucket>;
}

export function newOwner(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

/**
 * Looks once a second: takes what was counted at this coordinator, reads what waits and runs, stores it, and hands it to the
 * board and to the other coordinators.
 */
export class Sampler {
  readonly #parts: SamplerParts;
  #lastAt = 0;
  #lookedAt = 0;
  #gauges: ReadonlyMap<string, QueueGauge> = new Map();
  #workers: WorkerGauges;
  #readAgainAt = 0;
  #readTookMs = 0;
  /** What the cheaper of the last two readings took: one that the machine has held up says nothing of what they cost. */
  #readCostMs = 0;
  #savedHourAt: number;
  #prunedAt: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    const now = parts.state.clock.now();
    this.#savedHourAt = now;
    this.#prunedAt = now;
    this.#workers = readWorkers(parts.state);
  }

  start(): void {
    this.sample();
    const wind = () => {
      this.#timer = setTimeout(
        () => {
          this.sample();
          wind();
        },
        1_000 - (this.#parts.state.clock.now() % 1_000),
      );
      this.#timer.unref();
    };
    wind();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Stores what is counted in the open buckets: nothing more comes. */
  keep(): void {
    this.sample();
    const { tracks, owner, failures, writer } = this.#parts;
    const rollups = [10_000, 60_000, HOUR_MS].flatMap((ms) => tracks.openRows(ms, this.#lastAt, owner));
    const failed = failures.closeMinute(this.#lastAt, owner);
    writer.tell({ kind: "save", rollups: [...rollups, ...failed.rollups], failures: failed.failures });
  }

  /** The newest second. */
  get lastAt(): number {
    return this.#lastAt;
  }

  get gauges(): ReadonlyMap<string, QueueGauge> {
    return this.#gauges;
  }

  get workers(): WorkerGauges {
    return this.#workers;
  }

  /** Looks again between two seconds, unless looking is dear: what was just committed is seen. */
  refresh(): void {
    const now = this.#parts.state.clock.now();
    if (Math.abs(now - this.#lookedAt) < this.#readCostMs / REFRESH_SHARE) return;
    this.look();
  }

  /** Looks again between two seconds, whatever that costs. */
  look(): void {
    const now = this.#parts.state.clock.now();
    this.#readAgainAt = 0;
    this.#readGauges(now);
    this.#parts.board.look(now, this.#gauges, this.#workers);
  }

  /** Ends the second that has passed. */
  sample(): void {
    const { state, cells, tracks, board, samples } = this.#parts;
    const now = state.clock.now();
    const at = Math.max(Math.floor(now / 1_000) * 1_000 - 1_000, this.#lastAt);
    if (this.#lastAt > 0 && at > this.#lastAt) this.#closeBuckets(at);
    const taken = cells.take();
    const counted = { ...taken, cells: [...taken.cells] };
    tracks.take(counted);
    this.#readGauges(now);
    tracks.sample(this.#gauges, now, board.gather(this.#gauges, this.#workers));
    const seconds = tracks.closeSecond(at);
    this.#lastAt = at;
    const second = { at, now, counted, gauges: this.#gauges, seconds };
    samples.publish(second);
    board.turn(second);
  }

  #readGauges(now: number): void {
    const { state } = this.#parts;
    this.#lookedAt = now;
    this.#workers = readWorkers(state);
    // A clock that was set back must not hold the next reading up.
    if (now < this.#readAgainAt && this.#readAgainAt - now < 60_000) return;
    const began = performance.now();
    this.#gauges = readQueues(state);
    const tookMs = performance.now() - began;
    this.#readCostMs = Math.min(tookMs, this.#readTookMs);
    this.#readTookMs = tookMs;
    this.#readAgainAt = now + this.#readCostMs / GAUGE_SHARE - 500;
  }

  #closeBuckets(nextAt: number): void {
    const { writer, failures, tracks, owner } = this.#parts;
    const lastAt = this.#lastAt;
    const rollups = tracks.closeBuckets(lastAt, nextAt, owner);
    const failed =
      Math.floor(lastAt / 60_000) === Math.floor(nextAt / 60_000)
        ? { rollups: [], failures: [] }
        : failures.closeMinute(lastAt, owner);
    if (nextAt - this.#savedHourAt >= SAVE_HOUR_MS) {
      this.#savedHourAt = nextAt;
      rollups.push(...tracks.openRows(HOUR_MS, nextAt, owner));
    }
    const all = [...rollups, ...failed.rollups];
    if (all.length > 0) writer.tell({ kind: "save", rollups: all, failures: failed.failures });
    if (nextAt - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = nextAt;
    writer.tell({ kind: "prune", now: nextAt });
  }
}
