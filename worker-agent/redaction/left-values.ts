import { readFileSync } from "node:fs";

/**
 * The values that a process was started with, by variable: a launcher that outlived its agent has those of its command in its
 * own environment, and nowhere else are they as they were. Undefined: they cannot be read.
 */
export function leftValues(pid: number, names: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return {};
  let environment: Map<string, string>;
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    environment = new Map(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  } catch {
    return undefined;
  }
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = environment.get(name);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}
