const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `now`, `-2h`, `-30m`, `2026-03-01`, `2026-03-01T12:00` (local), `2026-03-01T12:00Z`; undefined: none of these. */
export function readTime(text: string, now: number): number | undefined {
  if (text === "now") return now;
  const ago = /^-(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (UNITS[ago[2] as string] as number);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) return undefined;
  // A date alone would be read as UTC.
  const time = Date.parse(text.includes("T") ? text : `${text}T00:00`);
  return Number.isNaN(time) ? undefined : time;
}

/** `A..B`, `A..`, `..B`, or `A` for everything since A. */
export function readRange(text: string, now: number): { after?: number; before?: number } | undefined {
  const [from, to, ...rest] = text.split("..");
  if (rest.length > 0 || text === "" || text === "..") return undefined;
  const after = from === "" || from === undefined ? undefined : readTime(from, now);
  const before = to === "" || to === undefined ? undefined : readTime(to, now);
  if ((from !== "" && after === undefined) || (to !== undefined && to !== "" && before === undefined)) return undefined;
  return { ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
}
