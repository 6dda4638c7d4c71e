const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A span exactly as people write it: "30d", "90s", "1500ms"; in the largest unit that leaves no rest. */
export function spanText(ms: number): string {
  if (ms === 0) return "0s";
  for (const [name, length] of UNITS) if (ms % length === 0) return `${ms / length}${name}`;
  return `${ms}ms`;
}
