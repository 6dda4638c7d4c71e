import { refKey } from "../../../coordinator/kernel/task-ref.ts";
import type { EndRow, TaskRow } from "../../../coordinator/ports/rows.ts";
import type { ListPage, ListQuery } from "../../../coordinator/ports/store.ts";
import { type Disk, MOVED } from "./disk.ts";
import { byRef, tablesIn, wholeTask } from "./read-rows.ts";

/** See ReadStore.list. */
export function listTasks(disk: Disk, query: ListQuery): ListPage {
  const rows = tablesIn(disk, query.segs)
    .flatMap((tables) => [...tables.tasks.values()].map((task) => ({ tables, task })))
    .filter(({ tables, task }) => tables.ends.get(refKey(task))?.status !== MOVED)
    .sort((a, b) => newestFirst(a.task, b.task));
  const { after } = query;
  const beyond = after === null ? rows : rows.filter(({ task }) => newestFirst(after, task) < 0);
  const looked = beyond.slice(0, query.maxScanned);
  const found = looked.filter(({ tables, task }) => isWanted(query, task, tables.ends.get(refKey(task))));
  const page = found.slice(0, query.limit);
  const incomplete = page.length < query.limit && beyond.length > looked.length;
  const last = incomplete ? looked.at(-1) : page.at(-1);
  const more = incomplete || found.length > page.length || (beyond.length > looked.length && last !== undefined);
  const place = last?.task;
  const next =
    more && place !== undefined
      ? { createdAt: place.createdAt, shard: place.shard, lane: place.lane, seq: place.seq }
      : null;
  return {
    tasks: page.map(({ tables, task }) => ({ ...wholeTask(disk, tables, task), events: [], sessions: [] })),
    next,
    incomplete,
    scanned: looked.length,
  };
}

type Place = Pick<TaskRow, "createdAt" | "shard" | "lane" | "seq">;

function newestFirst(a: Place, b: Place): number {
  return b.createdAt - a.createdAt || byRef(b, a);
}

function isWanted(query: ListQuery, task: TaskRow, end: EndRow | undefined): boolean {
  const hasStatus = end === undefined ? query.unended : (query.endStatuses?.includes(end.status) ?? true);
  return (
    hasStatus &&
    (query.lanes?.includes(task.lane) ?? true) &&
    (query.name === null || query.name === task.name) &&
    (query.type === null || query.type === task.type) &&
    query.labels.every((label) => hasLabel(task.labels, label)) &&
    !query.notNames.includes(task.name) &&
    !query.notTypes.includes(task.type) &&
    !query.notLabels.some((label) => hasLabel(task.labels, label)) &&
    (query.createdAfter === null || task.createdAt > query.createdAfter) &&
    (query.createdBefore === null || task.createdAt < query.createdBefore)
  );
}

function hasLabel(labels: readonly string[], wanted: string): boolean {
  if (!wanted.endsWith("\u0000")) return labels.includes(wanted);
  return labels.some((label) => label.startsWith(wanted.slice(0, -1)));
}
