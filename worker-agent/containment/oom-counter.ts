import { readOptional } from "../processes/read-optional.ts";

/**
 * How often the kernel has ended a process for want of memory: in the agent's own cgroup, or else on the host.
 * Undefined: the system does not say.
 */
export function readOomKills(): number | undefined {
  for (const path of counterFiles()) {
    const count = readCounter(path);
    if (count !== undefined) return count;
  }
  return undefined;
}

let cachedFiles: readonly string[] | undefined;

function counterFiles(): readonly string[] {
  cachedFiles ??= [...cgroupFiles(), "/proc/vmstat"];
  return cachedFiles;
}

function cgroupFiles(): string[] {
  const files: string[] = [];
  for (const line of readOptional("/proc/self/cgroup").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || path === "/") continue;
    if (controllers === "") files.push(`/sys/fs/cgroup${path}/memory.events`);
    if (controllers === "memory") files.push(`/sys/fs/cgroup/memory${path}/memory.oom_control`);
  }
  return files;
}

function readCounter(path: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(readOptional(path))?.[1];
  return count === undefined ? undefined : Number(count);
}
