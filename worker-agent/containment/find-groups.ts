import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { GROUP_LIMITS, type GroupLimit } from "../../proto/task-limits.ts";
import { readOptional } from "../processes/read-optional.ts";

/** Where control groups of attempts can be made. */
export interface GroupFolders {
  /** Of cgroup v2; undefined: there is none that the agent may write to. */
  readonly unified: string | undefined;
  /** What groups in `unified` can limit. */
  readonly unifiedLimits: ReadonlySet<GroupLimit>;
  /** Of cgroup v1, by what groups there can limit, for what v2 cannot. */
  readonly v1: Readonly<Partial<Record<GroupLimit, string>>>;
}

/** What the kernel calls the controller of a limit. */
export const CONTROLLERS: Readonly<Record<GroupLimit, string>> = { memory: "memory", pids: "pids", cpus: "cpu" };

/** The group of an agent that its service manager has put below what it was given (DelegateSubgroup=). */
const OWN_GROUP = "agent";

interface Hierarchy {
  /** Empty: cgroup v2. */
  readonly controllers: readonly string[];
  /** The agent's own group. */
  readonly folder: string;
}

/** Looks where the agent's own groups are and what it may do there. @param proc elsewhere only in tests. */
export function findGroups(proc = "/proc/self"): GroupFolders {
  const all = hierarchies(proc);
  const own = all.find(({ controllers }) => controllers.length === 0)?.folder;
  const unified = own === undefined ? undefined : unifiedFolder(own);
  const unifiedLimits = unified === undefined ? new Set<GroupLimit>() : limitsOf(unified);
  const v1: Partial<Record<GroupLimit, string>> = {};
  for (const limit of GROUP_LIMITS) {
    if (unifiedLimits.has(limit)) continue;
    const folder = all.find(({ controllers }) => controllers.includes(CONTROLLERS[limit]))?.folder;
    if (folder !== undefined && mayMake(folder)) v1[limit] = folder;
  }
  return { unified, unifiedLimits, v1 };
}

/** Beside the agent's own group where that was made for it, else below it. */
function unifiedFolder(own: string): string | undefined {
  const folder = basename(own) === OWN_GROUP ? dirname(own) : own;
  // Without cgroup.kill (Linux before 5.14) there is nothing in it that v1 or a sweep has not.
  return mayMake(folder) && isThere(folder, "cgroup.procs") ? folder : undefined;
}

/** What groups below can limit: what is on already, and what can be switched on because no process is in the folder itself. */
function limitsOf(folder: string): Set<GroupLimit> {
  const control = join(folder, "cgroup.subtree_control");
  const there = words(join(folder, "cgroup.controllers"));
  for (const limit of GROUP_LIMITS) {
    const controller = CONTROLLERS[limit];
    if (!there.includes(controller) || words(control).includes(controller) || !isOurs(folder)) continue;
    try {
      writeFileSync(control, `+${controller}`);
    } catch {
      // The manager of the machine has not given it.
    }
  }
  const on = words(control);
  return new Set(GROUP_LIMITS.filter((limit) => on.includes(CONTROLLERS[limit])));
}

/** The root of the machine is not the agent's to change; it alone has no type. */
function isOurs(folder: string): boolean {
  return isThere(folder, "cgroup.type");
}

/** Only an attempt tells: the file system may be read-only, or groups forbidden. */
function mayMake(folder: string): boolean {
  const probe = join(folder, `tss-probe-${process.pid}`);
  try {
    mkdirSync(probe);
    rmdirSync(probe);
    // Who cannot write this may make groups and put nobody in.
    accessSync(join(folder, "cgroup.procs"), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function hierarchies(proc: string): Hierarchy[] {
  const mounts = readOptional(join(proc, "mountinfo")).split("\n").map(parseMount);
  return readOptional(join(proc, "cgroup"))
    .split("\n")
    .flatMap((line) => {
      const [, list, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
      if (list === undefined || path === undefined) return [];
      const controllers = list === "" ? [] : list.split(",");
      const mount = mounts.find((one) => one !== undefined && isOf(one, controllers));
      if (mount === undefined) return [];
      // A container sees a part of the tree as if it were all of it.
      const inside = mount.root !== "/" && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
      return [{ controllers, folder: join(mount.folder, inside) }];
    });
}

interface Mount {
  readonly root: string;
  readonly folder: string;
  readonly type: string;
  readonly options: readonly string[];
}

function parseMount(line: string): Mount | undefined {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root, folder] = before.split(" ");
  const [type, , options] = after.split(" ");
  if (root === undefined || folder === undefined || type === undefined || !type.startsWith("cgroup")) return undefined;
  return { root, folder: folder.replaceAll("\\040", " "), type, options: (options ?? "").split(",") };
}

function isOf({ type, options }: Mount, controllers: readonly string[]): boolean {
  if (controllers.length === 0) return type === "cgroup2";
  return type === "cgroup" && controllers.every((name) => options.includes(name));
}

function words(path: string): string[] {
  return readOptional(path).trim().split(/\s+/);
}

function isThere(folder: string, name: string): boolean {
  return existsSync(join(folder, name));
}
