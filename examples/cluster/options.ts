import { parseArgs } from "node:util";

export interface Options {
  /** Commands to submit, half of them by the SDK, half by REST. */
  readonly tasks: number;
  /** Commands a second. */
  readonly rate: number;
}

export const USAGE = `npm run cluster [-- --tasks N] [-- --rate N]
  --tasks N   commands to submit, 20 to 100000; 600
  --rate N    commands submitted in a second, 1 to 1000; 30`;

/** @throws Error one sentence. */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: { tasks: { type: "string", default: "600" }, rate: { type: "string", default: "30" } },
  });
  return { tasks: number("--tasks", values.tasks, 20, 100_000), rate: number("--rate", values.rate, 1, 1_000) };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}.`);
}
