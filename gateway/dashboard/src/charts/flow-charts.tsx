import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { formatDuration } from "../time/format.ts";
import { Moment } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { Note, Skeleton } from "../ui/note.tsx";
import "../styles/charts.css";
import { ChartPanel } from "./chart-panel.tsx";
import { flowLines, waitLines } from "./lines.ts";
import { RangePicker } from "./range-picker.tsx";
import { labelOf, minutesOf, type RangeId } from "./ranges.ts";
import { COUNTS, SPANS } from "./scales.ts";
import { useSeries } from "./use-series.ts";

/** Marks told in words below the charts: the newest. */
const MARKS_TOLD = 5;

const DAY_MINUTES = 1_440;

/** What came in and went out, and how long it waited. @param queue empty: all of them. */
export function FlowCharts(props: {
  readonly queue: string;
  readonly range: RangeId;
  /** Beside how it went the day before. */
  readonly compare: boolean;
  readonly onLook: (look: { readonly range: RangeId; readonly compare: boolean }) => void;
}) {
  const { queue, range, compare, onLook } = props;
  const whole = `last ${labelOf(range)}`;
  const navigate = useNavigate();
  const of = { minutes: minutesOf(range), queue };
  const { series, problem } = useSeries(of);
  const { series: past } = useSeries(compare ? { ...of, ago: DAY_MINUTES } : null);
  const flow = useMemo(() => (series === undefined ? [] : flowLines(series, past)), [series, past]);
  const wait = useMemo(() => (series === undefined ? [] : waitLines(series, past)), [series, past]);
  const pick = (index: number) => {
    const at = series?.times[index];
    if (series === undefined || at === undefined) return;
    const stamp = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
    const created = `created:${stamp(at)}..${stamp(at + series.bucketSeconds)}`;
    void navigate({ to: "/tasks", search: { q: queue === "" ? created : `queue:${queue} ${created}` } });
  };
  return (
    <section className="part" aria-label="How it went">
      <div className="chart-looks">
        <RangePicker range={range} onChange={(next) => onLook({ range: next, compare })} />
        <label className="check">
          <input
            type="checkbox"
            data-key="c"
            checked={compare}
            onChange={(event) => onLook({ range, compare: event.target.checked })}
          />{" "}
          Beside the day before
        </label>
      </div>
      {problem !== undefined && series === undefined && <Note meaning="attention">{problem.detail}</Note>}
      {series === undefined ? (
        problem === undefined && <Skeleton rows={5} />
      ) : (
        <>
          <div className="charts">
            <ChartPanel
              title="Tasks a minute"
              {...{ whole, series, lines: flow, scale: COUNTS, onPick: pick }}
              format={(value) => formatCount(Math.round(value * 10) / 10)}
            />
            <ChartPanel
              title="Waited"
              {...{ whole, series, lines: wait, scale: SPANS, onPick: pick }}
              format={(value) => formatDuration(value * 1_000)}
            />
          </div>
          {series.marks.length > 0 && (
            <ul className="marks" aria-label="Marks in the charts">
              {series.marks.slice(-MARKS_TOLD).map(({ id, at, summary }) => (
                <li key={id}>
                  <Moment at={at} short /> <span>{displayText(summary ?? "")}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}
