import { readFileSync } from "node:fs";

/**
 * The values that a command was started with, by variable: a launcher that outlived its agent has those of its command in its
 * own environment, or, where the command runs as another user, that has them alone. Nowhere else are they as they were.
 * Undefined: they cannot be read.
 * @param pid of the launcher.
 */
export function leftValues(pid: number, names: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return {};
  for (const candidate of [pid, ...childrenOf(pid)]) {
    const values = startedWith(candidate, names);
    if (values !== undefined) return values;
  }
  return undefined;
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function startedWith(pid: number, names: readonly string[]): Record<string, string> | undefined {
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
