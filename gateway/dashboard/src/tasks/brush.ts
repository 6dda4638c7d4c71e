import { RANGES, type RangeId } from "../charts/ranges.ts";
import type { Series } from "../charts/use-series.ts";

/** Buckets that are chosen, the last one included; null: all of them. */
export type Stretch = readonly [number, number] | null;

const DEFAULT: RangeId = "24h";

/** The range that is looked at: as chosen, else one that has the whole search in it. @param after ms; undefined: no bound. */
export function windowOf(chosen: string | undefined, after: number | undefined, now: number): RangeId {
  const found = RANGES.find(({ id }) => id === chosen);
  if (found !== undefined) return found.id;
  if (after === undefined) return DEFAULT;
  return RANGES.find(({ minutes }) => now - after <= minutes * 60_000)?.id ?? "30d";
}

type Grid = Pick<Series, "times" | "bucketSeconds">;

/** The buckets that a search is about, as far as they are in sight. @param after, before ms. */
export function stretchOf({ times, bucketSeconds }: Grid, after?: number, before?: number): Stretch {
  if (after === undefined && before === undefined) return null;
  const inside = times.flatMap((at, index) =>
    (before === undefined || at * 1_000 < before) && (after === undefined || (at + bucketSeconds) * 1_000 > after)
      ? [index]
      : [],
  );
  const [first] = inside;
  return first === undefined ? null : [first, inside.at(-1) ?? first];
}

/** The stretch as a search has it; up to the last bucket it has no end, so that what comes now is in it. */
export function createdText({ times, bucketSeconds }: Grid, stretch: Stretch): string {
  const [from, to] = stretch ?? [0, times.length - 1];
  const last = times.length - 1;
  if (from === 0 && to >= last) return "";
  const stamp = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
  const end = to >= last ? "" : stamp((times[to] ?? 0) + bucketSeconds);
  return `${stamp(times[from] ?? 0)}..${end}`;
}

/** An edge moved by a key, and the other where it has to be. @param edge 0: the first bucket, 1: the last. */
export function moveEdge(stretch: Stretch, count: number, edge: 0 | 1, key: string): Stretch | undefined {
  const now: [number, number] = stretch === null ? [0, count - 1] : [stretch[0], stretch[1]];
  const at = now[edge];
  const next = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    PageDown: at - 10,
    PageUp: at + 10,
    Home: 0,
    End: count - 1,
  }[key];
  if (next === undefined) return undefined;
  now[edge] = Math.min(Math.max(next, 0), count - 1);
  if (now[0] > now[1]) now[1 - edge] = now[edge];
  return now;
}
