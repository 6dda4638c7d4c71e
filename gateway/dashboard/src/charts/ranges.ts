/** Ranges a chart may have. */
export const RANGES = [
  { id: "15m", minutes: 15, label: "15 min" },
  { id: "1h", minutes: 60, label: "1 h" },
  { id: "6h", minutes: 360, label: "6 h" },
  { id: "24h", minutes: 1_440, label: "24 h" },
  { id: "7d", minutes: 10_080, label: "7 d" },
  { id: "30d", minutes: 43_200, label: "30 d" },
] as const;

export type RangeId = (typeof RANGES)[number]["id"];

/** The range of an address; what is none is the last hour. */
export function readRange(id: unknown): RangeId {
  return RANGES.find((range) => range.id === id)?.id ?? "1h";
}

export function minutesOf(id: RangeId): number {
  return RANGES.find((range) => range.id === id)?.minutes ?? 60;
}

export function labelOf(id: RangeId): string {
  return RANGES.find((range) => range.id === id)?.label ?? "1 h";
}

/** How charts are looked at, as an address says it. */
export function lookOf(look: { readonly range: RangeId; readonly compare: boolean }) {
  return { range: look.range, ...(look.compare ? { compare: true } : {}) };
}
