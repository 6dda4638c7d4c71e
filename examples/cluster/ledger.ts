import { existsSync, readFileSync, statSync } from "node:fs";

/** One run of a command, as the command itself wrote it. */
export interface Run {
  readonly atMs: number;
  readonly id: string;
  /** Where it ran. */
  readonly agent: string;
}

/** What tells a command which agent runs it. */
export const AGENT = "CLUSTER_AGENT";

/** Runs a little while and, first of all, adds a line to the ledger. Short appends of several processes do not mix. */
export function commandFor(file: string, seconds: number): string {
  return `echo "$(date +%s%3N) $TSS_TASK_ID $${AGENT}" >> '${file}'; sleep ${seconds}`;
}

/** Bytes of it. */
export function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** What has run, whatever TSS thinks. */
export function readLedger(file: string): readonly Run[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const [at = "", id = "", agent = ""] = line.split(" ");
    return { atMs: Number(at), id, agent };
  });
}

/** Ids that ran more than once. */
export function runTwice(runs: readonly Run[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(runs.filter(({ id }) => seen.size === seen.add(id).size).map(({ id }) => id));
}

/** Longest time in ms between two starts in a row, of which the later one came after `fromMs`. */
export function longestPause(runs: readonly Run[], fromMs: number, toMs: number): number {
  const times = runs.map(({ atMs }) => atMs).sort((a, b) => a - b);
  let longest = 0;
  for (const [at, time] of times.entries()) {
    const before = times[at - 1];
    if (before !== undefined && time >= fromMs && before <= toMs) longest = Math.max(longest, time - before);
  }
  return longest;
}
