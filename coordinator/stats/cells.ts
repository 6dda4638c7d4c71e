import { boundedPairs, LABEL_BOUNDS } from "../../runtime/bounded-pairs.ts";
import type { EngineObserver } from "../engine/state.ts";
import { AT, FLOW, type PackedBucket, packed } from "../kernel/stats/bucket.ts";
import { Histogram, type PackedHistogram } from "../kernel/stats/histogram.ts";

export type CountedCell = readonly [queue: string, type: string, counted: PackedBucket];

/** What a coordinator has counted in a stretch of time. */
export interface Counted {
  readonly cells: Iterable<CountedCell>;
  /** Flushes of its store. */
  readonly store: PackedHistogram | undefined;
}

/** Counts of one queue and type since they were last taken. */
export class Cell {
  readonly queue: string;
  readonly type: string;
  readonly flow = new Float64Array(FLOW.length);
  readonly wait = new Histogram();
  readonly run = new Histogram();
  dirty = false;

  constructor(queue: string, type: string) {
    this.queue = queue;
    this.type = type;
  }

  count(place: number, by = 1): void {
    this.flow[place] = (this.flow[place] as number) + by;
    this.dirty = true;
  }

  take(): PackedBucket {
    const taken = packed(this.flow, NO_GAUGES, this.wait, this.run, NO_STORE);
    this.flow.fill(0);
    this.wait.clear();
    this.run.clear();
    this.dirty = false;
    return taken;
  }
}

const NO_GAUGES = new Float64Array(0);
const NO_STORE = new Histogram();

const ATTEMPT_PLACE: Readonly<Record<string, number>> = {
  failed: AT.attemptsFailed,
  timed_out: AT.attemptsTimedOut,
  lost: AT.attemptsLost,
  cancelled: AT.attemptsCancelled,
};

const END_PLACE: Readonly<Record<string, number>> = {
  succeeded: AT.succeeded,
  failed: AT.failed,
  cancelled: AT.cancelled,
};

type Observed = Pick<EngineObserver, "submitted" | "started" | "attemptFinished" | "finished" | "flushed">;

/** What the engine adds to as tasks go by: a few additions a task. The sampler takes it away once a second. */
export class Cells implements Observed {
  readonly store = new Histogram();
  readonly #cells: Cell[] = [];
  readonly #cell = boundedPairs(LABEL_BOUNDS, (queue, type) => {
    const cell = new Cell(queue, type);
    this.#cells.push(cell);
    return cell;
  });

  submitted(queue: string, type: string, count: number): void {
    this.#cell(queue, type).count(AT.submitted, count);
  }

  started(queue: string, type: string, retry: boolean, waitedMs: number): void {
    const cell = this.#cell(queue, type);
    cell.count(retry ? AT.retried : AT.started);
    if (!retry) cell.wait.add(waitedMs);
  }

  attemptFinished(queue: string, type: string, outcome: string, ranMs: number): void {
    const cell = this.#cell(queue, type);
    cell.run.add(ranMs);
    cell.dirty = true;
    const place = ATTEMPT_PLACE[outcome];
    if (place !== undefined) cell.count(place);
  }

  finished(queue: string, type: string, outcome: string, _tookMs: number): void {
    const place = END_PLACE[outcome];
    if (place !== undefined) this.#cell(queue, type).count(place);
  }

  flushed(_rows: number, tookMs: number): void {
    this.store.add(tookMs);
  }

  /** Gives and forgets what was counted; its cells as they are read, once. */
  take(): Counted {
    const store = this.store.pack();
    this.store.clear();
    return { cells: this.#taken(), store };
  }

  *#taken(): IterableIterator<CountedCell> {
    for (const cell of this.#cells) if (cell.dirty) yield [cell.queue, cell.type, cell.take()];
  }
}
