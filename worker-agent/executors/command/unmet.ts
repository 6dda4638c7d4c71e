import { readFileSync } from "node:fs";

/** Names of limits as /proc/PID/limits has them. */
const KERNEL_NAMES: Readonly<Record<string, string>> = {
  nofile: "Max open files",
  nproc: "Max processes",
  core: "Max core file size",
  fsize: "Max file size",
  cpu_seconds: "Max cpu time",
  as: "Max address space",
  data: "Max data size",
  stack: "Max stack size",
  memlock: "Max locked memory",
};

/** A sentence for what a launcher could not set, see prelude.ts. */
export function unmetSentence(name: string, agentName: string): string {
  if (name === "group")
    return `Agent ${agentName} could not put the command into its control group, and started nothing.`;
  const most = ownLimit(name);
  const known = most === undefined ? "" : ` (${most})`;
  return `Agent ${agentName} could not set the limit ${name} that the task asks for, and started nothing: it is above the agent's own${known}, which only root can raise.`;
}

/** What the agent itself must not pass. */
function ownLimit(name: string): string | undefined {
  try {
    const line = readFileSync("/proc/self/limits", "utf8")
      .split("\n")
      .find((candidate) => candidate.startsWith(`${KERNEL_NAMES[name]} `));
    return line?.slice(26).trim().split(/\s+/)[1];
  } catch {
    return undefined;
  }
}
