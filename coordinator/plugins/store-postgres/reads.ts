import type { TaskRef } from "../../kernel/task-ref.ts";
import type { StoredTask } from "../../ports/rows.ts";
import type { ReadStore } from "../../ports/store.ts";
import type { Leaves } from "./leaves.ts";
import { listTasks } from "./list.ts";
import type { ReadPool } from "./read-pool.ts";
import { storedTasks } from "./stored-tasks.ts";

type Wanted = TaskRef & { readonly segs: readonly number[] };

export function makeReads(pool: ReadPool, leaves: Leaves): ReadStore {
  return {
    async task(ref, segs) {
      return (await findTasks(pool, leaves, [{ ...ref, segs }]))[0] ?? null;
    },
    tasks: (refs) => findTasks(pool, leaves, refs),
    list: (query) => listTasks(pool, leaves, query),
  };
}

interface Search {
  readonly place: number;
  readonly ref: TaskRef;
  /** Segments still to look in. */
  readonly segs: readonly number[];
}

/** Looks each task up in its segments in turn, those of one segment together. */
async function findTasks(
  pool: ReadPool,
  leaves: Leaves,
  refs: readonly Wanted[],
): Promise<readonly (StoredTask | null)[]> {
  const found: (StoredTask | null)[] = refs.map(() => null);
  const there = new Set(await leaves.existing([...new Set(refs.flatMap((ref) => ref.segs))]));
  let searches: Search[] = refs.map((ref, place) => ({ place, ref, segs: ref.segs.filter((seg) => there.has(seg)) }));
  for (;;) {
    searches = searches.filter((search) => search.segs.length > 0);
    if (searches.length === 0) return found;
    const next: Search[] = [];
    for (const [seg, group] of Map.groupBy(searches, (search) => search.segs[0] ?? 0)) {
      const tasks = await storedTasks(
        pool,
        seg,
        group.map((search) => search.ref),
      );
      for (const [i, search] of group.entries()) {
        const stored = tasks[i] ?? null;
        if (stored === null) next.push({ ...search, segs: search.segs.slice(1) });
        // An end with status 0 is the mark that a task has moved to segment 0.
        else if (stored.end?.status === 0) next.push({ ...search, segs: [0] });
        else found[search.place] = stored;
      }
    }
    searches = next;
  }
}
