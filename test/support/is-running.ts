import { isDead, readStat } from "../../worker-agent/processes/proc-stat.ts";

/** Whether a process lives; a zombie that nobody reaps does not. */
export function isRunning(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && !isDead(stat);
}
