import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TssError } from "../../proto/errors.ts";
import { makeDirectory } from "../../runtime/make-directory.ts";
import { identify, type ProcessIdentity, stillRuns } from "../processes/identity.ts";

export interface DirectoryLock {
  /** Whoever had it before and did not release it; undefined: nobody. */
  readonly before: ProcessIdentity | undefined;
  release(): void;
}

const ATTEMPTS = 5;

/**
 * Takes the agent's directory for this process; two agents in one directory would end each other's attempts.
 * @throws TssError FAILED_PRECONDITION naming the directory that cannot be made, or the process that has it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  try {
    makeDirectory(directory, 0o700);
  } catch (error) {
    throw new TssError("FAILED_PRECONDITION", `${(error as Error).message}: set TSS_WORKER_DIR to another directory.`, {
      reason: "AGENT_DIRECTORY",
      cause: error,
    });
  }
  const path = join(directory, "agent.lock");
  const own = JSON.stringify({ ...identify(process.pid), nonce: crypto.randomUUID() });
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}`;
  writeFileSync(temporary, own, { mode: 0o600 });
  let before: ProcessIdentity | undefined;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (linked(temporary, path)) return { before, release: () => releaseLock(path, own) };
      const text = readText(path);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (holder !== undefined && stillRuns(holder)) throw inUse(directory, holder.pid);
      before = holder;
      takeAway(path, text);
    }
    throw inUse(directory, undefined);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A link is made only where there is no file: one of several starters wins. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a dead process's lock, and puts back what another starter may have written meanwhile. */
function takeAway(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readText(aside) !== stale) linked(aside, path);
  rmSync(aside, { force: true });
}

function releaseLock(path: string, own: string): void {
  if (readText(path) === own) rmSync(path, { force: true });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function inUse(directory: string, pid: number | undefined): TssError {
  const holder = pid === undefined ? "another agent" : `the agent with process id ${pid}`;
  return new TssError(
    "FAILED_PRECONDITION",
    `The agent's directory ${resolve(directory)} is in use by ${holder}; set TSS_WORKER_DIR to another directory for a second agent, or end that one first.`,
    { reason: "AGENT_DIRECTORY_IN_USE" },
  );
}
