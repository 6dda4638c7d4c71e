import type { LatencyResult } from "./latency.ts";
import type { ThroughputResult } from "./throughput.ts";

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Tasks a second by system; the ratio is taken round by round to the last system of the table. */
export function throughputTable(results: ReadonlyMap<string, readonly ThroughputResult[]>): string {
  const yardstick = [...results.values()].at(-1) ?? [];
  const rows = [...results].map(([name, rounds]) => {
    const rates = rounds.map(({ perSecond }) => perSecond);
    const ratios = rounds.map(({ perSecond }, round) => perSecond / (yardstick[round]?.perSecond ?? Number.NaN));
    const classes = Object.keys(rounds[0]?.cpuUs ?? {});
    const cpu = classes.map((one) => `${one} ${median(rounds.map(({ cpuUs }) => cpuUs[one] ?? 0)).toFixed(1)}`);
    const range = `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`;
    return `| ${name} | ${Math.round(median(rates))} | ${range} | ${median(ratios).toFixed(2)} | ${cpu.join(", ")} |`;
  });
  return ["| system | tasks/s | range | ratio | CPU µs a task |", "| --- | --: | --: | --: | --- |", ...rows].join(
    "\n",
  );
}

/** Quantiles in milliseconds. */
export function latencyTable(rows: readonly (readonly [string, LatencyResult])[]): string {
  const quantiles = (sorted: readonly number[]) =>
    [0.5, 0.95, 0.99, 0.999]
      .map((share) => ((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1_000).toFixed(2))
      .join(" / ");
  return [
    "| system | due → ack p50 / p95 / p99 / p99.9 ms | due → start p50 / p95 / p99 / p99.9 ms |",
    "| --- | --- | --- |",
    ...rows.map(([name, { ackUs, startUs }]) => `| ${name} | ${quantiles(ackUs)} | ${quantiles(startUs)} |`),
  ].join("\n");
}
