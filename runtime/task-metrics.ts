import { boundedPairs, LABEL_BOUNDS, type LabelBounds } from "./bounded-pairs.ts";
import { WAIT_BUCKETS } from "./buckets.ts";
import type { Metrics } from "./metrics.ts";
import { type CounterCell, counterFamily, type Family, type HistogramCell, histogramFamily } from "./tally.ts";

/** What the engine says as tasks go by; it fits the engine's observer. Durations are milliseconds. */
export interface TaskMetrics {
  submitted(queue: string, type: string, count: number): void;
  /** @param waitedMs from the moment a worker could have taken it. */
  started(queue: string, type: string, retry: boolean, waitedMs: number): void;
  /** @param outcome succeeded, failed, timed_out, cancelled, lost or released. */
  attemptFinished(queue: string, type: string, outcome: string, ranMs: number): void;
  /** @param tookMs from submit to end. */
  finished(queue: string, type: string, outcome: string, tookMs: number): void;
  /** How late a task became ready that waited for a time. */
  timerLag(ms: number): void;
  /** @param mode `sync`: a worker was free when the task came; `backlog`: it had to wait. */
  dispatched(mode: "sync" | "backlog", count: number): void;
}

/** Counters and histograms of tasks. Costs a lookup and an addition per call; labels never hold a task's id or name. */
export function createTaskMetrics({ registry }: Metrics, bounds: LabelBounds = LABEL_BOUNDS): TaskMetrics {
  const counter = (name: string, help: string, labels: string[]): Family<CounterCell> =>
    counterFamily(registry, name, help, labels);
  const histogram = (name: string, help: string, labels: string[]): Family<HistogramCell> =>
    histogramFamily(registry, name, help, labels, WAIT_BUCKETS);
  const of2 = ["queue", "type"];
  const of3 = ["queue", "type", "outcome"];
  const families = {
    submitted: counter("tss_tasks_submitted_total", "Tasks accepted.", of2),
    started: counter("tss_attempts_started_total", "Attempts leased to a worker.", ["queue", "type", "attempt"]),
    attemptFinished: counter("tss_attempts_finished_total", "Attempts that ended.", of3),
    finished: counter("tss_tasks_finished_total", "Tasks that ended.", of3),
    wait: histogram("tss_schedule_to_start_seconds", "From ready to the lease of an attempt.", ["queue", "attempt"]),
    run: histogram("tss_run_seconds", "From the start of an attempt to its end.", of3),
    endToEnd: histogram("tss_end_to_end_seconds", "From submit to the end of a task.", of2),
  };
  const lag = histogram("tss_timer_lag_seconds", "From the time a task was due to when it became ready.", []).cell();
  const dispatch = counter("tss_dispatch_total", "Leases by whether a worker was free when the task came.", ["mode"]);
  const modes = { sync: dispatch.cell("sync"), backlog: dispatch.cell("backlog") };
  const cells = boundedPairs(bounds, (queue, type) => new TaskCells(families, queue, type));
  return {
    submitted: (queue, type, count) => cells(queue, type).submitted.inc(count),
    started(queue, type, retry, waitedMs) {
      const { first, again } = cells(queue, type);
      const { starts, wait } = retry ? again : first;
      starts.inc();
      wait.observe(waitedMs / 1000);
    },
    attemptFinished(queue, type, outcome, ranMs) {
      const { ends, run } = cells(queue, type).attempt(outcome);
      ends.inc();
      run.observe(ranMs / 1000);
    },
    finished(queue, type, outcome, tookMs) {
      const pair = cells(queue, type);
      pair.end(outcome).inc();
      pair.endToEnd.observe(tookMs / 1000);
    },
    timerLag: (ms) => lag.observe(ms / 1000),
    dispatched: (mode, count) => modes[mode].inc(count),
  };
}

interface Families {
  readonly submitted: Family<CounterCell>;
  readonly started: Family<CounterCell>;
  readonly attemptFinished: Family<CounterCell>;
  readonly finished: Family<CounterCell>;
  readonly wait: Family<HistogramCell>;
  readonly run: Family<HistogramCell>;
  readonly endToEnd: Family<HistogramCell>;
}

/** The cells of one queue and type, so that a task looks its labels up once. */
class TaskCells {
  readonly submitted: CounterCell;
  readonly endToEnd: HistogramCell;
  readonly first: { readonly starts: CounterCell; readonly wait: HistogramCell };
  readonly again: { readonly starts: CounterCell; readonly wait: HistogramCell };
  readonly attempt: (outcome: string) => { readonly ends: CounterCell; readonly run: HistogramCell };
  readonly end: (outcome: string) => CounterCell;

  constructor(families: Families, queue: string, type: string) {
    this.submitted = families.submitted.cell(queue, type);
    this.endToEnd = families.endToEnd.cell(queue, type);
    this.first = {
      starts: families.started.cell(queue, type, "first"),
      wait: families.wait.cell(queue, "first"),
    };
    this.again = {
      starts: families.started.cell(queue, type, "retry"),
      wait: families.wait.cell(queue, "retry"),
    };
    this.attempt = remember((outcome) => ({
      ends: families.attemptFinished.cell(queue, type, outcome),
      run: families.run.cell(queue, type, outcome),
    }));
    this.end = remember((outcome) => families.finished.cell(queue, type, outcome));
  }
}

function remember<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = make(key);
      known.set(key, value);
    }
    return value;
  };
}
