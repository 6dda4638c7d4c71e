import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GROUP_LIMITS, type GroupLimit } from "../../proto/task-limits.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Cell, Containment } from "./containment.ts";
import { findGroups, type GroupFolders } from "./find-groups.ts";
import { killGroup, oomKillsOf, removeGroup } from "./group.ts";
import { groupLimitsOf, setLimit } from "./group-limits.ts";
import { readOomKills } from "./oom-counter.ts";

/** When an attempt gets a control group of its own: with limits that take one, always, or never. */
export type ContainmentWish = "auto" | "always" | "off";

/** Where the groups of an attempt are written down, for the next agent: one a line. */
const GROUPS = "groups";

/** Finds out which way of containment there is on this machine, and uses it. */
export function openContainment(wish: ContainmentWish, logger: Logger, folders = findFolders(wish)): Containment {
  const { unified, unifiedLimits, v1 } = folders;
  const limits = new Set(GROUP_LIMITS.filter((limit) => unifiedLimits.has(limit) || v1[limit] !== undefined));
  const hasV1 = Object.keys(v1).length > 0;
  const mode = hasV1 ? "hybrid" : unified === undefined ? "none" : "cgroup";
  return {
    mode,
    limits,
    sentence: sentenceOf(wish, folders, limits),
    open(name, folder, asked) {
      const wanted = groupLimitsOf(asked);
      if (wanted.length === 0 && wish !== "always") return looseCell();
      const made = makeGroups(name, folders, wanted);
      if (made.length === 0) return looseCell();
      try {
        writeFileSync(join(folder, GROUPS), made.join("\n"), { mode: 0o600 });
      } catch (error) {
        removeNow(made);
        throw error;
      }
      return groupCell(made, logger);
    },
    find(folder) {
      const made = readGroups(folder);
      return made.length === 0 ? looseCell() : groupCell(made, logger);
    },
  };
}

function findFolders(wish: ContainmentWish): GroupFolders {
  return wish === "off" ? { unified: undefined, unifiedLimits: new Set(), v1: {} } : findGroups();
}

/** All of them or none. The one that all its processes can be killed by is the first. */
function makeGroups(
  name: string,
  { unified, unifiedLimits, v1 }: GroupFolders,
  wanted: readonly (readonly [GroupLimit, number])[],
): string[] {
  const made: string[] = [];
  const make = (parent: string): string => {
    const folder = join(parent, name);
    mkdirSync(folder);
    made.push(folder);
    return folder;
  };
  try {
    if (unified !== undefined) {
      const folder = make(unified);
      for (const [limit, value] of wanted) if (unifiedLimits.has(limit)) setLimit(folder, "unified", limit, value);
    }
    for (const [limit, value] of wanted) {
      const parent = v1[limit];
      if (parent !== undefined) setLimit(make(parent), "v1", limit, value);
    }
    const [any] = Object.values(v1);
    if (made.length === 0 && any !== undefined) make(any);
    return made;
  } catch (error) {
    removeNow(made);
    throw error;
  }
}

function groupCell(made: readonly string[], logger: Logger): Cell {
  const near = readOomKills();
  return {
    joins: made.map((folder) => join(folder, "cgroup.procs")),
    isMemoryShort() {
      const counts = made.map(oomKillsOf).filter((count) => count !== undefined);
      return counts.length > 0 ? counts.some((count) => count > 0) : isMoreThan(near);
    },
    kill: () => killGroup(made[0] as string),
    async close() {
      for (const folder of made)
        if (!(await removeGroup(folder))) logger.warn({ folder }, "a control group of an attempt stays behind");
    },
  };
}

/** No group: what left the process group is found by its mark. */
function looseCell(): Cell {
  const near = readOomKills();
  return { joins: [], isMemoryShort: () => isMoreThan(near), kill: async () => 0, close: async () => {} };
}

function isMoreThan(before: number | undefined): boolean {
  return (readOomKills() ?? 0) > (before ?? Number.POSITIVE_INFINITY);
}

function readGroups(folder: string): string[] {
  try {
    return readFileSync(join(folder, GROUPS), "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

function removeNow(made: readonly string[]): void {
  for (const folder of made) {
    try {
      rmdirSync(folder);
    } catch {
      // What kept it from being set up is told; this is not worth more words.
    }
  }
}

function sentenceOf(wish: ContainmentWish, { unified, v1 }: GroupFolders, limits: ReadonlySet<GroupLimit>): string {
  if (wish === "off") return "Control groups are off (TSS_AGENT_CONTAINMENT): no limits of memory, pids and cpus.";
  const places = [...new Set([...(unified === undefined ? [] : [unified]), ...Object.values(v1)])];
  if (places.length === 0)
    return "No control group can be written to: no limits of memory, pids and cpus. What leaves a command's process group is found by its environment.";
  const missing = GROUP_LIMITS.filter((limit) => !limits.has(limit));
  const can = limits.size === 0 ? "none of the limits" : `the limits ${[...limits].join(", ")}`;
  const cannot = missing.length === 0 ? "" : `; not ${missing.join(", ")}, whose controllers were not given to it`;
  return `Control groups are made in ${places.join(", ")}, with ${can}${cannot}.`;
}
