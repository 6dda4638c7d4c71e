import { readFileSync } from "node:fs";
import { ENVIRONMENT_FD } from "../executors/command/as-user.ts";

/**
 * The values that a command was started with, by variable: a launcher that outlived its agent has those of its command in its
 * own environment, or, where the command runs as another user, in the file that it told that user. Undefined: they cannot be
 * read.
 * @param pid of the launcher.
 */
export function leftValues(pid: number, names: readonly string[]): Record<string, string> | undefined {
  if (names.length === 0) return {};
  return startedWith(pid, names) ?? toldTo(pid, names);
}

/** As `openEnvironment` writes it. */
const TOLD = /export (\w+)='((?:[^']|'\\'')*)'\n/gy;

function toldTo(pid: number, names: readonly string[]): Record<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/fd/${ENVIRONMENT_FD}`, "utf8");
  } catch {
    return undefined;
  }
  const told = new Map([...text.matchAll(TOLD)].map(([, name, value = ""]) => [name, value.replaceAll("'\\''", "'")]));
  const found = names.flatMap((name) => (told.has(name) ? [[name, told.get(name)] as const] : []));
  return found.length === names.length ? (Object.fromEntries(found) as Record<string, string>) : undefined;
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
