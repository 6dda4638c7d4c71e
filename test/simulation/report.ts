import type { Outcome } from "./history.ts";

/** What a broken rule is told with: the seed, the rule, what came before, and how to see it again. */
export function reportOf({ seed, violation, tail }: Outcome, lines: number, bug?: string): string {
  const again = `node test/simulation/run.ts --seed ${seed} --histories 1${bug === undefined ? "" : ` --bug "${bug}"`}`;
  return [
    `seed ${seed} breaks the rule ${violation?.rule}`,
    `  ${violation?.what}`,
    "before that:",
    ...tail.slice(-lines).map((line) => `  ${line}`),
    `again: ${again}`,
  ].join("\n");
}
