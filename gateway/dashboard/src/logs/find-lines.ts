import { stripAnsi } from "./ansi.ts";
import type { LogLine } from "./log-store.ts";

/** Places in the list of the lines that have the text, whatever its case. Empty text: none. */
export function findLines(lines: readonly LogLine[], text: string): readonly number[] {
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  const found: number[] = [];
  for (const [index, line] of lines.entries())
    if (stripAnsi(line.text).toLowerCase().includes(wanted)) found.push(index);
  return found;
}

/** The match after or before a place, around the end; −1: there is none. */
export function nextMatch(matches: readonly number[], from: number, step: 1 | -1): number {
  if (matches.length === 0) return -1;
  if (step > 0) return matches.find((index) => index > from) ?? (matches[0] as number);
  return matches.findLast((index) => index < from) ?? (matches.at(-1) as number);
}
