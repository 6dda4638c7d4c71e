import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, type ProcessIdentity, stillRuns } from "./identity.ts";
import { isDead, readStat } from "./proc-stat.ts";

/** A process that sleeps in the kernel cannot be killed; nobody waits for it for ever. */
const KILL_WAIT_MS = 5_000;
const LOOK_MS = 2;

/** The descendants of a command that have left its process group, known by their parents as long as these live. */
export interface Family {
  /** Takes down who they are; before anybody is told to end. */
  look(): void;
  /** Kills those that still run. Resolves how many, when none of them does. */
  killEscaped(): Promise<number>;
}

/** @param leader number of the process group, and of the first process in it. */
export function watchFamily(leader: number): Family {
  let escaped: readonly ProcessIdentity[] = [];
  return {
    look() {
      escaped = descendants(leader).map(identify);
    },
    async killEscaped() {
      const killed = escaped.filter(stillRuns).filter(({ pid }) => kill(pid));
      const patience = AbortSignal.timeout(KILL_WAIT_MS);
      // Whoever looks for them in another way must not count them again.
      while (killed.some(stillRuns) && !patience.aborted) await sleep(LOOK_MS);
      return killed.length;
    },
  };
}

/** Numbers of those that descend from a process and are not in its group. Few files are read: a cancel waits for it. */
function descendants(leader: number): number[] {
  const found: number[] = [];
  const waiting = [leader];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop())
    for (const child of childrenOf(pid)) {
      waiting.push(child);
      const stat = readStat(child);
      if (stat !== undefined && stat.group !== leader && !isDead(stat)) found.push(child);
    }
  return found;
}

/** Of all its threads; none where the kernel does not tell (it was built without CONFIG_PROC_CHILDREN). */
function childrenOf(pid: number): number[] {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks)
      .map((task) => readFileSync(`${tasks}/${task}/children`, "latin1"))
      .flatMap((text) => text.trim().split(" "))
      .filter((word) => word !== "")
      .map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
