/** Numbers for sentences: "6 m 12 s", "84 ms", "1,180". */

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** The two largest units of a duration. */
export function spanText(ms: number): string {
  if (ms < 1) return "under 1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${Math.round(ms / 100) / 10} s`;
  const rounded = Math.round(ms / 1_000) * 1_000;
  const at = UNITS.findIndex(([, length]) => rounded >= length);
  const [unit, length] = UNITS[at] as readonly [string, number];
  const next = UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((rounded % length) / next[1]);
  return `${Math.floor(rounded / length)} ${unit}${next === undefined || rest === 0 ? "" : ` ${rest} ${next[0]}`}`;
}

export function countText(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** "1 task", "3 tasks". */
export function manyText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${Math.round(count) === 1 ? "" : "s"}`;
}

export function shareText(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`;
}
