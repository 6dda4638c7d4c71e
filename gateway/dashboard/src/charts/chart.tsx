import { useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import { type Zone, zone } from "../time/format.ts";
import { useStore } from "../ui/store.ts";
import { drawChart } from "./draw-chart.ts";
import type { Line } from "./lines.ts";
import type { ValueScale } from "./scales.ts";
import { useLooks } from "./use-looks.ts";

export interface ChartProps {
  /** Read aloud for the picture; the numbers are in the table beside it. */
  readonly label: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly scale: ValueScale;
  /** Moments to mark, s. */
  readonly marks: readonly number[];
  /** The place that is pointed at; null: none. */
  readonly onPoint: (index: number | null) => void;
  readonly onPick: (index: number) => void;
}

/** Lines over time. The library that draws them is loaded with the first of them. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const where: Zone = useStore(zone);
  const looks = useLooks();
  const [failed, setFailed] = useState(false);
  const shape = props.lines.map(({ name }) => name).join();
  useEffect(() => {
    let over = false;
    const resize = new ResizeObserver(() => {
      if (box.current !== null) plot.current?.setSize({ width: box.current.clientWidth, height: HEIGHT });
    });
    import("uplot").then(
      ({ default: Plot }) => {
        if (over || box.current === null) return;
        plot.current = drawChart(Plot, box.current, HEIGHT, where, () => latest.current);
        resize.observe(box.current);
      },
      () => setFailed(true),
    );
    return () => {
      over = true;
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [where, looks, shape]);
  useEffect(() => {
    plot.current?.setData([[...props.times], ...props.lines.map(({ values }) => [...values])]);
  }, [props.times, props.lines]);
  return (
    <div ref={box} className="chart" role="img" aria-label={props.label} style={{ height: HEIGHT }}>
      {failed && <p className="dim">The chart could not be loaded; its table is there.</p>}
    </div>
  );
}

const HEIGHT = 190;
