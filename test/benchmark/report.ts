import type { LatencyResult } from "./latency.ts";
import type { ThroughputResult } from "./throughput.ts";

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Tasks a second by system; the ratio is taken round by round to the last system of the table.
 * @param ceilings tasks a second that each system's database takes of its rows alone, by round.
 */
export function throughputTable(
  results: ReadonlyMap<string, readonly ThroughputResult[]>,
  ceilings: ReadonlyMap<string, readonly number[]> = new Map(),
): string {
  const yardstick = [...results.values()].at(-1) ?? [];
  const rows = [...results].map(([name, rounds]) => {
    const rates = rounds.map(({ perSecond }) => perSecond);
    const ratios = rounds.map(({ perSecond }, round) => perSecond / (yardstick[round]?.perSecond ?? Number.NaN));
    const classes = Object.keys(rounds[0]?.cpuUs ?? {});
    const cpu = classes.map((one) => `${one} ${median(rounds.map(({ cpuUs }) => cpuUs[one] ?? 0)).toFixed(1)}`);
    const ceiling = ceilings.get(name);
    const shares = rates.map((rate, round) => rate / (ceiling?.[round] ?? Number.NaN));
    const cells = [
      name,
      Math.round(median(rates)),
      range(rates),
      median(ratios).toFixed(2),
      ceiling === undefined ? "" : `${median(shares).toFixed(2)} of ${Math.round(median(ceiling))}`,
      cpu.join(", "),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| system | tasks/s | range | ratio | of its ceiling | CPU µs a task |",
    "| --- | --: | --: | --: | --: | --- |",
    ...rows,
  ].join("\n");
}

function range(rates: readonly number[]): string {
  return `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`;
}

/** Quantiles in milliseconds. */
export function latencyTable(rows: readonly (readonly [string, LatencyResult])[]): string {
  const quantiles = (sorted: readonly number[]) =>
    sorted.length === 0
      ? "–"
      : [0.5, 0.95, 0.99, 0.999]
          .map((share) => ((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1_000).toFixed(2))
          .join(" / ");
  return [
    "| p50 / p95 / p99 / p99.9 ms | due → ack | due → start | due → durable end |",
    "| --- | --- | --- | --- |",
    ...rows.map(
      ([name, { ackUs, startUs, endUs }]) =>
        `| ${name} | ${quantiles(ackUs)} | ${quantiles(startUs)} | ${quantiles(endUs)} |`,
    ),
  ].join("\n");
}
