import { readFileSync } from "node:fs";
import { hasProc, isDead, readStat } from "./proc-stat.ts";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Empty where there is no /proc. */
  readonly startTime: string;
  readonly bootId: string;
}

let cachedBootId: string | undefined;

/** Changes with every boot of the machine; empty where there is no /proc. */
export function bootId(): string {
  if (cachedBootId !== undefined) return cachedBootId;
  try {
    cachedBootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    cachedBootId = "";
  }
  return cachedBootId;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: readStat(pid)?.startTime ?? "", bootId: bootId() };
}

/**
 * Whether that very process still runs. Without /proc a living process of the same number counts as it, so only a caller
 * for whom that is the safe error may ask there.
 */
export function stillRuns(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  if (!hasProc) return answersSignals(identity.pid);
  const stat = readStat(identity.pid);
  return stat !== undefined && !isDead(stat) && stat.startTime === identity.startTime;
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
