import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GROUP_LIMITS, type GroupLimit } from "../../proto/task-limits.ts";

/** Length of the period that shares of CPUs are counted over, microseconds. */
const PERIOD_US = 100_000;
/** The kernel takes no smaller share. */
const LEAST_QUOTA_US = 1_000;

type Limits = Readonly<Partial<Record<string, number>>>;

/** Files of a group and what is written to them; those that may be absent are left out where they are. */
interface Setting {
  readonly file: string;
  readonly value: string;
  readonly optional?: true;
}

const UNIFIED: Readonly<Record<GroupLimit, (value: number) => readonly Setting[]>> = {
  memory: (bytes) => [
    { file: "memory.max", value: String(bytes) },
    // Else it would go on, slowly, on the disk.
    { file: "memory.swap.max", value: "0", optional: true },
    // Half of a command is of no use to anybody.
    { file: "memory.oom.group", value: "1", optional: true },
  ],
  pids: (count) => [{ file: "pids.max", value: String(count) }],
  cpus: (share) => [{ file: "cpu.max", value: `${quota(share)} ${PERIOD_US}` }],
};

const V1: Readonly<Record<GroupLimit, (value: number) => readonly Setting[]>> = {
  memory: (bytes) => [
    { file: "memory.limit_in_bytes", value: String(bytes) },
    { file: "memory.memsw.limit_in_bytes", value: String(bytes), optional: true },
  ],
  pids: UNIFIED.pids,
  cpus: (share) => [
    { file: "cpu.cfs_period_us", value: String(PERIOD_US) },
    { file: "cpu.cfs_quota_us", value: String(quota(share)) },
  ],
};

/** Those of `asked` that a group keeps all processes in it to. */
export function groupLimitsOf(limits: Limits): [GroupLimit, number][] {
  return GROUP_LIMITS.flatMap((name): [GroupLimit, number][] => {
    const value = limits[name];
    return value === undefined ? [] : [[name, value]];
  });
}

/** @throws what the kernel says to it. */
export function setLimit(folder: string, kind: "unified" | "v1", name: GroupLimit, value: number): void {
  for (const { file, value: text, optional } of (kind === "unified" ? UNIFIED : V1)[name](value)) {
    const path = join(folder, file);
    if (optional && !existsSync(path)) continue;
    writeFileSync(path, text);
  }
}

function quota(share: number): number {
  return Math.max(LEAST_QUOTA_US, Math.round(share * PERIOD_US));
}
