import { useState } from "react";
import { formatTime, zone } from "../time/format.ts";
import { useStore } from "../ui/store.ts";
import { Chart } from "./chart.tsx";
import { ChartTable } from "./chart-table.tsx";
import type { Line } from "./lines.ts";
import type { ValueScale } from "./scales.ts";
import type { Series } from "./use-series.ts";

/** A chart with its name, its lines and what they come to, and the same as a table. */
export function ChartPanel(props: {
  readonly title: string;
  /** What the numbers beside the lines are of while nobody points, e.g. "last 1 h". */
  readonly whole: string;
  readonly series: Series;
  readonly lines: readonly Line[];
  readonly scale: ValueScale;
  /** A value as it is written beside its line and in the table. */
  readonly format: (value: number) => string;
  readonly onPick: (index: number) => void;
}) {
  const { title, whole, series, lines, scale, format, onPick } = props;
  const [at, setAt] = useState<number | null>(null);
  const where = useStore(zone);
  const pointed = at === null ? undefined : series.times[at];
  const told = (line: Line) => {
    if (pointed === undefined || at === null) return line.total;
    const value = line.values[at] ?? null;
    return value === null ? "–" : format(value);
  };
  return (
    <figure className="chart-panel">
      <figcaption>
        <h2>{title}</h2>
        <span className="dim tabular">
          {pointed === undefined ? whole : formatTime(pointed * 1_000, where).slice(5)}
        </span>
      </figcaption>
      <ul className="chart-legend">
        {lines.map((line) => (
          <li key={line.name}>
            <svg viewBox="0 0 22 8" width="22" height="8" aria-hidden="true">
              <path d="M0 4h22" stroke={`var(${line.colour})`} strokeWidth="2" strokeDasharray={line.dash.join(" ")} />
            </svg>
            {line.name} <span className="tabular">{told(line)}</span>
          </li>
        ))}
      </ul>
      <Chart
        label={`${title}: ${lines.map(({ name, total }) => `${name} ${total}`).join(", ")}`}
        times={series.times}
        lines={lines}
        scale={scale}
        marks={series.marks.map((mark) => Date.parse(mark.at ?? "") / 1_000)}
        onPoint={setAt}
        onPick={onPick}
      />
      <ChartTable title={title} series={series} lines={lines} format={format} onPick={onPick} />
    </figure>
  );
}
