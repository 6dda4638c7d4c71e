import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readOptional } from "../processes/read-optional.ts";

/** A process that sleeps in the kernel cannot be killed; nobody waits for it for ever. */
const KILL_WAIT_MS = 5_000;
const POLL_FIRST_MS = 1;
const POLL_LONGEST_MS = 25;

/**
 * Kills every process of a control group, and of groups in it, until none is left or 5 s are over. Resolves how many there
 * were. One of v2 is killed as a whole; of v1 those that are there, again and again, because they may fork meanwhile.
 */
export async function killGroup(folder: string): Promise<number> {
  const killed = new Set<number>();
  const patience = AbortSignal.timeout(KILL_WAIT_MS);
  for (let pauseMs = POLL_FIRST_MS; !patience.aborted; pauseMs = Math.min(pauseMs * 2, POLL_LONGEST_MS)) {
    const found = membersOf(folder);
    for (const pid of found) killed.add(pid);
    if (found.length === 0) break;
    if (!killWhole(folder)) for (const pid of found) kill(pid);
    await sleep(pauseMs);
  }
  return killed.size;
}

/** Removes a group that is empty, with groups in it; what still dies in it is waited for, 5 s at most. Resolves whether it is gone. */
export async function removeGroup(folder: string): Promise<boolean> {
  const patience = AbortSignal.timeout(KILL_WAIT_MS);
  for (let pauseMs = POLL_FIRST_MS; !patience.aborted; pauseMs = Math.min(pauseMs * 2, POLL_LONGEST_MS)) {
    if (remove(folder)) return true;
    await sleep(pauseMs);
  }
  return false;
}

/** How often the kernel has ended something in it for want of memory; undefined: it does not count that. */
export function oomKillsOf(folder: string): number | undefined {
  for (const file of ["memory.events", "memory.oom_control"]) {
    const count = /^oom_kill (\d+)$/m.exec(readOptional(join(folder, file)))?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

function membersOf(folder: string): number[] {
  const own = readOptional(join(folder, "cgroup.procs")).split("\n").filter(Boolean).map(Number);
  // 0 is one that this agent's namespace does not show.
  return [...own, ...foldersIn(folder).flatMap(membersOf)].filter((pid) => pid > 0);
}

function killWhole(folder: string): boolean {
  const file = join(folder, "cgroup.kill");
  if (!existsSync(file)) return false;
  try {
    writeFileSync(file, "1");
    return true;
  } catch {
    return false;
  }
}

function remove(folder: string): boolean {
  for (const inner of foldersIn(folder)) if (!remove(inner)) return false;
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
