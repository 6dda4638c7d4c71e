import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Step {
  readonly do: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly as?: string;
  readonly later?: boolean;
  readonly expect?: unknown;
  readonly fails?: unknown;
}

export interface Scenario {
  readonly name: string;
  readonly promise: string;
  readonly needs?: readonly string[];
  readonly steps: readonly Step[];
}

export function readScenarios(): readonly Scenario[] {
  const text = readFileSync(join(import.meta.dirname, "../scenarios.json"), "utf8");
  return (JSON.parse(text) as { scenarios: Scenario[] }).scenarios;
}
