import type uPlot from "uplot";
import { formatTime, type Zone } from "../time/format.ts";
import { formatCount } from "../ui/format-count.ts";

/** How the values of a chart are laid out and written. */
export interface ValueScale {
  readonly scale: uPlot.Scale;
  splits?(u: uPlot, axis: number, min: number, max: number): number[];
  label(value: number): string;
}

export const COUNTS: ValueScale = {
  scale: { range: (_u, _min, max) => [0, Math.max(niceTop(max ?? 0), 5)] },
  label: (value) => formatCount(Math.round(value * 10) / 10),
};

/** Places of the axis of durations, s. */
const DURATIONS: readonly (readonly [number, string])[] = [
  [0.001, "1 ms"],
  [0.01, "10 ms"],
  [0.1, "100 ms"],
  [1, "1 s"],
  [10, "10 s"],
  [60, "1 min"],
  [600, "10 min"],
  [3_600, "1 h"],
  [21_600, "6 h"],
  [86_400, "1 d"],
  [864_000, "10 d"],
];

/** Durations from a millisecond to days, by powers. */
export const SPANS: ValueScale = {
  scale: { distr: 3, range: (_u, _min, max) => [0.001, topOf(max ?? 0)] },
  splits: (_u, _axis, _min, max) => DURATIONS.map(([at]) => at).filter((at) => at <= max * 1.001),
  label: (value) => DURATIONS.find(([at]) => at === value)?.[1] ?? "",
};

function topOf(max: number): number {
  return DURATIONS.find(([at]) => at >= max && at >= 1)?.[0] ?? max;
}

/** The next of 1, 2, 3, 5, 10, 20 … above. */
function niceTop(max: number): number {
  if (max <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(max));
  return ([1, 2, 3, 5, 10].find((factor) => factor * power >= max * 1.05) ?? 20) * power;
}

/** The time of a place on the axis: the day where days are apart, else the minute. */
export function timeLabel(seconds: number, step: number, where: Zone): string {
  const text = formatTime(seconds * 1_000, where);
  return step >= 86_400 || text.endsWith("00:00:00") ? text.slice(5, 10) : text.slice(11, 16);
}
