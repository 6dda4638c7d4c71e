import type { TaskRow } from "../../../coordinator/ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../../../coordinator/ports/store.ts";
import type { Owner } from "./owner.ts";

/** A query for everything, changed by `fields`. */
export function listQuery(segs: readonly number[], fields: Partial<ListQuery> = {}): ListQuery {
  return {
    segs,
    after: null,
    limit: 100,
    endStatuses: null,
    unended: true,
    lanes: null,
    name: null,
    type: null,
    labels: [],
    notNames: [],
    notTypes: [],
    notLabels: [],
    createdAfter: null,
    createdBefore: null,
    maxScanned: 100_000,
    ...fields,
  };
}

/** Segments of the ring, newest first, 0 last. */
export async function allSegments(owner: Owner): Promise<number[]> {
  const ring = [...(await owner.store.segments.list())].sort((a, b) => b.generation - a.generation);
  return [...ring.map((segment) => segment.seg), 0];
}

/** Newest first, as pages are ordered. */
export function newestFirst<T extends ListPlace>(tasks: readonly T[]): T[] {
  return [...tasks].sort((a, b) => b.createdAt - a.createdAt || b.shard - a.shard || b.lane - a.lane || b.seq - a.seq);
}

/** Follows `next` to the end and gives every page. */
export async function allPages(owner: Owner, query: ListQuery): Promise<ListPage[]> {
  const pages: ListPage[] = [];
  for (let after: ListPlace | null = query.after; ; ) {
    const page = await owner.store.reads.list({ ...query, after });
    pages.push(page);
    if (page.next === null) return pages;
    if (pages.length > 10_000) throw new Error("the list does not end");
    after = page.next;
  }
}

export const tasksOf = (pages: readonly ListPage[]): TaskRow[] =>
  pages.flatMap((page) => page.tasks.map((one) => one.task));
