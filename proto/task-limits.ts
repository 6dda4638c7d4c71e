/** What a task may limit, with the least and the most that makes sense; sizes are bytes. */
export const TASK_LIMITS = {
  /** Of all its processes together; takes a control group. */
  memory: { least: 1024 ** 2, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  /** Processes and threads together; takes a control group. */
  pids: { least: 1, most: 2 ** 22, unit: "count" },
  /** Time on CPUs for each second; takes a control group. */
  cpus: { least: 0.01, most: 10_000, unit: "fraction" },
  /** Of each process, from here on. Below 16 no shell could start anything. */
  nofile: { least: 16, most: 2 ** 30, unit: "count" },
  /** Processes of the user in all. */
  nproc: { least: 1, most: 2 ** 22, unit: "count" },
  core: { least: 0, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  fsize: { least: 0, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  cpu_seconds: { least: 1, most: 2 ** 31, unit: "count" },
  as: { least: 1024 ** 2, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  data: { least: 0, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  stack: { least: 64 * 1024, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
  memlock: { least: 0, most: Number.MAX_SAFE_INTEGER, unit: "bytes" },
} as const satisfies Readonly<Record<string, TaskLimitRange>>;

interface TaskLimitRange {
  readonly least: number;
  readonly most: number;
  readonly unit: "bytes" | "count" | "fraction";
}

export type TaskLimit = keyof typeof TASK_LIMITS;

export function isTaskLimit(name: string): name is TaskLimit {
  return Object.hasOwn(TASK_LIMITS, name);
}

/** Limits of all processes of a task together. */
export const GROUP_LIMITS = ["memory", "pids", "cpus"] as const satisfies readonly TaskLimit[];

export type GroupLimit = (typeof GROUP_LIMITS)[number];
