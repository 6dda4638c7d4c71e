import { useState } from "react";
import { formatTime, zone } from "../time/format.ts";
import { useStore } from "../ui/store.ts";
import { Table } from "../ui/table.tsx";
import type { Line } from "./lines.ts";
import type { Series } from "./use-series.ts";

/** A chart's numbers, newest first; its tasks are a button away. It costs nothing while it is shut. */
export function ChartTable(props: {
  readonly title: string;
  readonly series: Series;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly onPick: (index: number) => void;
}) {
  const { title, series, lines, format, onPick } = props;
  const [open, setOpen] = useState(false);
  const where = useStore(zone);
  const places = series.times.map((_, index) => index).reverse();
  return (
    <details className="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <section tabIndex={0} aria-label={`${title}, as a table`}>
          <Table
            name={title}
            columns={[{ name: "From" }, ...lines.map(({ name }) => ({ name, number: true }))]}
            rows={places.map((index) => ({
              key: String(series.times[index]),
              cells: [
                <button key="at" type="button" className="plain-link" onClick={() => onPick(index)}>
                  {formatTime((series.times[index] ?? 0) * 1_000, where)}
                </button>,
                ...lines.map(({ values }) => {
                  const value = values[index] ?? null;
                  return value === null ? "–" : format(value);
                }),
              ],
            }))}
          />
        </section>
      )}
    </details>
  );
}
