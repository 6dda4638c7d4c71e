/** C0 and C1 controls, line and paragraph separators: not printable in a name. */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

export function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** Unicode code points, which is what a person counts. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** What makes a text unusable anywhere: U+0000 (no database keeps it) and lone surrogates (no UTF-8 can say them). */
export function textProblem(text: string): string | null {
  if (text.includes("\u0000")) return "must not contain U+0000";
  if (!text.isWellFormed()) return "must be well-formed Unicode (it has a lone surrogate)";
  return null;
}

/** A problem of a text shown on one line: `min`–`max` printable characters. */
export function lineProblem(text: string, min: number, max: number): string | null {
  // A code point takes one unit or two: most texts need no counting.
  const length = text.length <= max && text.length >= 2 * min ? text.length : characters(text);
  if (length < min) return min === 1 ? "must not be empty" : `must have at least ${min} characters`;
  if (length > max) return `must have at most ${max} characters (it has ${length})`;
  const problem = textProblem(text);
  if (problem !== null) return problem;
  return UNPRINTABLE.test(text) ? "must be printable: no control characters or line breaks" : null;
}
