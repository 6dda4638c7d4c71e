import type uPlot from "uplot";
import type { Zone } from "../time/format.ts";
import type { ChartProps } from "./chart.tsx";
import { timeLabel } from "./scales.ts";

const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

/** @param props what the chart shows at the moment it is asked. */
export function drawChart(
  Plot: typeof uPlot,
  box: HTMLElement,
  height: number,
  where: Zone,
  props: () => ChartProps,
): uPlot {
  const style = getComputedStyle(box);
  const colour = (name: string) => resolveColour(box, name);
  const { lines, times, scale } = props();
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: colour("--dim"), font: FONT, grid, ticks: { show: false } };
  const plot = new Plot(
    {
      width: Math.max(box.clientWidth, 100),
      height,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: "time", setSeries: false },
        points: { size: 6, fill: (_u, index) => colour(lines[index - 1]?.colour ?? "--text") },
      },
      scales: { x: {}, y: scale.scale },
      axes: [
        {
          ...axis,
          gap: 6,
          size: 28,
          values: (_u, splits, _axis, _space, step) => splits.map((at) => timeLabel(at, step, where)),
        },
        {
          ...axis,
          gap: 6,
          size: 58,
          ...(scale.splits === undefined ? {} : { splits: scale.splits, filter: (_u: uPlot, at: number[]) => at }),
          values: (_u, splits) => splits.map((value) => scale.label(value)),
        },
      ],
      series: [
        {},
        ...lines.map(({ name, colour: of, dash }) => ({
          label: name,
          stroke: colour(of),
          dash: [...dash],
          width: 1.75,
          points: { show: (u: uPlot, index: number) => isSparse(u, index), size: 4 },
        })),
      ],
      hooks: {
        draw: [(u) => drawMarks(u, props().marks, colour("--line-strong"))],
        setCursor: [(u) => props().onPoint(u.cursor.idx ?? null)],
      },
    },
    [[...times], ...lines.map(({ values }) => [...values])],
    box,
  );
  plot.over.addEventListener("click", () => {
    const { idx } = plot.cursor;
    if (idx !== null && idx !== undefined) props().onPick(idx);
  });
  plot.root.style.fontFamily = style.fontFamily;
  return plot;
}

/** Single values between gaps would be no line at all. */
function isSparse(u: uPlot, index: number): boolean {
  const values = u.data[index] ?? [];
  return values.filter((value) => value !== null).length < 12;
}

/** Deploys and changes: an upright line at their moment. */
function drawMarks(u: uPlot, marks: readonly number[], stroke: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const at of marks) {
    const x = Math.round(u.valToPos(at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A canvas knows no `light-dark()`: the browser is asked what it comes to here. */
function resolveColour(box: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  box.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
