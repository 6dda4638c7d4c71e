import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory and those above it that are missing. Node's own way of that (`recursive`) runs for ever where the system
 * says ENOENT although the parent is there, as Linux does under /proc.
 * @param mode of every directory that is made.
 * @throws Error a sentence without a full stop: which directory cannot be made, and what the system says.
 */
export function makeDirectory(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let part = resolve(path); !isDirectory(part); part = dirname(part)) {
    missing.unshift(part);
    if (part === dirname(part)) break;
  }
  for (const part of missing) makeOne(part, mode);
}

/** What the system said of a path, e.g. `EACCES: permission denied`. */
export function systemReason(error: unknown): string {
  return (error as Error).message.split(", ")[0] ?? "";
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have been faster.
    if (isDirectory(path)) return;
    throw new Error(`The directory ${path} cannot be made (${systemReason(error)})`, { cause: error });
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
