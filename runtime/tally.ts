import { Counter, Histogram, type Registry } from "prom-client";

/**
 * Counters and histograms for the hot path. prom-client makes a string of the labels at every call; here the caller keeps
 * the cell of its labels and pays an addition. What was counted reaches prom-client when somebody scrapes.
 */
export interface CounterCell {
  inc(count?: number): void;
}

export interface HistogramCell {
  /** @param count observations of the same value. Values that are no numbers are left out. */
  observe(value: number, count?: number): void;
}

/** A family of cells, one for each combination of label values. */
export interface Family<C> {
  /** The cell of these label values, in the order of the family's label names. Keep it where calls are many. */
  cell(...values: string[]): C;
}

export function counterFamily(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[] = [],
): Family<CounterCell> {
  const cells = new Map<
    string,
    { pending: number; readonly labels: Record<string, string>; inc(count?: number): void }
  >();
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      for (const cell of cells.values()) {
        this.inc(cell.labels, cell.pending);
        cell.pending = 0;
      }
    },
  });
  return {
    cell: (...values) =>
      keep(cells, values, () => ({
        pending: 0,
        labels: labelled(labels, values),
        inc(count = 1) {
          this.pending += count;
        },
      })),
  };
}

export function histogramFamily(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
): Family<HistogramCell> {
  const cells = new Map<string, Bins>();
  const histogram = new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [] });
  // prom-client can only be told one observation at a time; the bins are given out in its own shape instead.
  const get = async () => ({
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    values: [...cells.values()].flatMap((cell) => cell.samples(name)),
  });
  registry.registerMetric(Object.assign(histogram, { get, getForPromString: get }) as Histogram);
  return { cell: (...values) => keep(cells, values, () => new Bins(buckets, labelled(labels, values))) };
}

class Bins implements HistogramCell {
  readonly #bounds: readonly number[];
  readonly #labels: Record<string, string>;
  /** The last one is for what lies beyond every bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[], labels: Record<string, string>) {
    this.#bounds = bounds;
    this.#labels = labels;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, count = 1): void {
    if (!Number.isFinite(value)) return;
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (this.#bounds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    this.#counts[low] = (this.#counts[low] as number) + count;
    this.#sum += value * count;
  }

  samples(name: string) {
    let below = 0;
    const samples = [...this.#counts].map((count, at) => {
      below += count;
      const le = at < this.#bounds.length ? String(this.#bounds[at]) : "+Inf";
      return { metricName: `${name}_bucket`, labels: { ...this.#labels, le } as Record<string, string>, value: below };
    });
    samples.push({ metricName: `${name}_sum`, labels: this.#labels, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels: this.#labels, value: below });
    return samples;
  }
}

function keep<C>(cells: Map<string, C>, values: readonly string[], make: () => C): C {
  const key = values.join("\u0000");
  let cell = cells.get(key);
  if (cell === undefined) {
    cell = make();
    cells.set(key, cell);
  }
  return cell;
}

function labelled(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
}
