import { readdirSync, readFileSync } from "node:fs";

/** What the kernel says of one process. */
export interface ProcessStat {
  readonly pid: number;
  /** State letter of /proc: R, S, D, T, Z … */
  readonly state: string;
  readonly group: number;
  /** Clock ticks since boot: with the boot id it tells a process from a later one of the same number. */
  readonly startTime: string;
}

/** Whether processes can be told apart here. Elsewhere only their numbers are known. */
export const hasProc = process.platform === "linux";

/** Reads /proc/PID/stat. Undefined: no such process, or no /proc. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The program's name may hold blanks and brackets: the fields start after the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid, state: fields[0] ?? "", group: Number(fields[2]), startTime: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** A zombie answers signals and is dead: where nothing reaps orphans, only the state letter tells. */
export function isDead(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}

/** Numbers of all processes this agent can see; empty without /proc. */
export function listPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
