import type { TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { GROUP_LIMITS, type GroupLimit, isTaskLimit, TASK_LIMITS, type TaskLimit } from "../../../proto/task-limits.ts";

/** Limits of each process, by the letter that `ulimit` has for it and the size of its unit. */
const ULIMITS: Readonly<Record<Exclude<TaskLimit, GroupLimit>, readonly [letter: string, unitBytes: number]>> = {
  nofile: ["n", 1],
  // dash and BusyBox call it -p, which is something else in bash.
  nproc: ["u", 1],
  core: ["c", 512],
  fsize: ["f", 512],
  cpu_seconds: ["t", 1],
  as: ["v", 1024],
  data: ["d", 1024],
  stack: ["s", 1024],
  memlock: ["l", 1024],
};

/** What a launcher says in its status when it could not do what was asked: `unmet=nofile;`. */
const UNMET = 'unmet() { echo "unmet=$1;" >&2; exit 126; }\n';

/**
 * What this agent cannot keep of what a task asks for, as a sentence; undefined: nothing. A coordinator is not trusted.
 * @param kept limits of all processes of a task that it can keep.
 */
export function preludeProblem(
  { umask, limits }: Pick<TaskSpec, "umask" | "limits">,
  kept: ReadonlySet<GroupLimit>,
  agentName: string,
): string | undefined {
  if (umask !== "" && !LIMITS.umask.test(umask)) return `Agent ${agentName} knows no umask ${JSON.stringify(umask)}.`;
  const unknown = Object.keys(limits).find((name) => !isTaskLimit(name));
  if (unknown !== undefined)
    return `Agent ${agentName} does not know the limit ${JSON.stringify(unknown)}, and started nothing; upgrade it.`;
  const unkept = GROUP_LIMITS.find((name) => limits[name] !== undefined && !kept.has(name));
  return unkept === undefined
    ? undefined
    : `Agent ${agentName} cannot keep a command to its limit of ${unkept}, and started nothing: it has no control group for that ("tss-agent --check" says why).`;
}

/**
 * What has to happen in the process that becomes the command, in POSIX sh; "": nothing. It is run with the launcher's
 * descriptors, as the agent's user, before the program that changes users.
 * @param groups files of control groups that the process puts itself into.
 */
export function prelude({ umask, limits }: Pick<TaskSpec, "umask" | "limits">, groups: readonly string[]): string {
  const lines = groups.map((file) => `echo 0 >${quote(file)} || unmet group`);
  for (const [name, value] of Object.entries(limits)) if (isOfProcess(name)) lines.push(ulimit(name, value));
  // Last: it must not decide on files of the launcher.
  if (umask !== "") lines.push(`umask ${umask}`);
  return lines.length === 0 ? "" : UNMET + lines.join("\n");
}

function isOfProcess(name: string): name is Exclude<TaskLimit, GroupLimit> {
  return isTaskLimit(name) && !(GROUP_LIMITS as readonly string[]).includes(name);
}

/** Sizes are rounded up to the unit of the shell. */
function ulimit(name: Exclude<TaskLimit, GroupLimit>, value: number): string {
  const [letter, unit] = ULIMITS[name];
  const amount = Math.ceil(Math.min(value, TASK_LIMITS[name].most) / unit);
  const set = `ulimit -${letter} ${amount} 2>/dev/null`;
  return `${name === "nproc" ? `${set} || ulimit -p ${amount} 2>/dev/null` : set} || unmet ${name}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
