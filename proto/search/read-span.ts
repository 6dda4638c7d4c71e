const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `1.5h` in ms; undefined: none of these. */
function readSpan(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  // Rounded to the microsecond: 1.1 h is no whole number of them as a machine counts.
  return found === null
    ? undefined
    : Math.round(Number(found[1]) * (UNITS[found[2] as string] as number) * 1_000) / 1_000;
}

/** `3`, `>2`, `<5` or `2..4`, whole numbers from 1, as the least and the most that is meant; undefined: none of these. */
export function readCount(text: string): { min?: number; max?: number } | undefined {
  const found = /^(?:([<>]?)([1-9]\d{0,3})|([1-9]\d{0,3})\.\.([1-9]\d{0,3}))$/.exec(text);
  if (found === null) return undefined;
  const [, sign, one, from, to] = found;
  if (from !== undefined) return { min: Number(from), max: Number(to) };
  const count = Number(one);
  if (sign === ">") return { min: count + 1 };
  if (sign === "<") return count === 1 ? undefined : { max: count - 1 };
  return { min: count, max: count };
}

/** `>30s`, `<5m`, or `30s..5m`, in ms; undefined: none of these. */
export function readSpans(text: string): { over?: number; under?: number } | undefined {
  const [from, to, ...rest] = text.split("..");
  if (to !== undefined) {
    const [over, under] = [readSpan(from as string), readSpan(to)];
    return over === undefined || under === undefined || rest.length > 0 ? undefined : { over, under };
  }
  const span = readSpan(text.slice(1));
  if (span === undefined) return undefined;
  if (text.startsWith(">")) return { over: span };
  return text.startsWith("<") ? { under: span } : undefined;
}
