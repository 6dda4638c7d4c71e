import type { Item } from "../engine/item.ts";
import { reading } from "../engine/reading.ts";
import type { EngineState } from "../engine/state.ts";
import type { StoredTask } from "../ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../ports/store.ts";

/** Tasks read for one look at what runs. */
const READ = 500;

/** Below zero when `a` comes first in a list: newest first. */
export function compareListed(a: ListPlace, b: ListPlace): number {
  return b.createdAt - a.createdAt || b.shard - a.shard || b.lane - a.lane || b.seq - a.seq;
}

/**
 * A page of the tasks that run, which the owner knows: a backlog that waits is not walked to find them. Its rows are read, as
 * names and labels are only there.
 */
export async function listRunning(state: EngineState, query: ListQuery): Promise<ListPage> {
  const lanes = query.lanes === null ? null : new Set(query.lanes);
  const running = [...state.items.values()]
    .filter((item) => isWanted(item, query, lanes))
    .map((item) => item.head)
    .sort(compareListed);
  const tasks: StoredTask[] = [];
  for (let at = 0; at < running.length; at += READ) {
    const refs = running.slice(at, at + READ).map((head) => ({ ...head, segs: state.segments.candidates(head) }));
    for (const stored of await reading(() => state.store.reads.tasks(refs))) {
      if (stored === null || stored.end !== null || !matches(stored, query)) continue;
      tasks.push(stored);
      if (tasks.length === query.limit) return { tasks, next: placeOf(stored), incomplete: false, scanned: 0 };
    }
  }
  return { tasks, next: null, incomplete: false, scanned: 0 };
}

function isWanted({ state, attempt, head }: Item, query: ListQuery, lanes: ReadonlySet<number> | null): boolean {
  // One whose end is on its way runs until that is committed.
  if ((state !== "running" && state !== "ending") || attempt?.committed !== true) return false;
  if (lanes !== null && !lanes.has(head.lane)) return false;
  const { after, createdAfter, createdBefore } = query;
  if (createdAfter !== null && head.createdAt <= createdAfter) return false;
  if (createdBefore !== null && head.createdAt >= createdBefore) return false;
  return after === null || compareListed(after, head) < 0;
}

function matches({ task }: StoredTask, query: ListQuery): boolean {
  const { name, type, labels, notNames, notTypes, notLabels } = query;
  if (name !== null && task.name !== name) return false;
  if (type !== null && task.type !== type) return false;
  if (notNames.includes(task.name) || notTypes.includes(task.type)) return false;
  const has = (wanted: string) =>
    wanted.endsWith("\u0000")
      ? task.labels.some((label) => label.startsWith(wanted.slice(0, -1)))
      : task.labels.includes(wanted);
  return labels.every(has) && !notLabels.some(has);
}

function placeOf({ task }: StoredTask): ListPlace {
  const { createdAt, shard, lane, seq } = task;
  return { createdAt, shard, lane, seq };
}

/** Two pages of one order as one, of at most `limit` tasks; beyond where either ends nothing is known of it. */
export function mergePages(a: ListPage, b: ListPage, limit: number): ListPage {
  const ends = [a.next, b.next].filter((place) => place !== null).sort(compareListed);
  const [horizon] = ends;
  const tasks = [...a.tasks, ...b.tasks]
    .filter(({ task }) => horizon === undefined || compareListed(task, horizon) <= 0)
    .sort((one, other) => compareListed(one.task, other.task));
  const scanned = a.scanned + b.scanned;
  if (tasks.length > limit)
    return { tasks: tasks.slice(0, limit), next: placeOf(tasks[limit - 1]!), incomplete: false, scanned };
  return { tasks, next: horizon ?? null, incomplete: a.incomplete || b.incomplete, scanned };
}
