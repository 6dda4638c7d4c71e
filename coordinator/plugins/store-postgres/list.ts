import type { StoredTask } from "../../ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../../ports/store.ts";
import type { Leaves } from "./leaves.ts";
import { newestOf, readStretch } from "./list-leaf.ts";
import type { Reader, ReadPool } from "./read-pool.ts";

const NOTHING: ListPage = { tasks: [], next: null, incomplete: false, scanned: 0 };
/** Rows looked at in one statement: many when few match. */
const LARGEST_STRETCH = 5_000;

/** A segment being walked: all of it down to `at` has been looked at. */
interface Walk {
  readonly seg: number;
  at: ListPlace;
  found: StoredTask[];
  done: boolean;
}

/** Orders places as lists go: newest first. Negative: `a` comes before `b`. */
function compare(a: ListPlace, b: ListPlace): number {
  return b.createdAt - a.createdAt || b.shard - a.shard || b.lane - a.lane || b.seq - a.seq;
}

/** The place before all rows of this time and older: after every row of the next millisecond. */
function before(createdAt: number): ListPlace {
  return { createdAt: createdAt + 1, shard: 0, lane: 0, seq: 0 };
}

/**
 * A page over several segments. The segment whose walk is least far goes on first, and a match is given out only when
 * every walk has passed it: so old segments are not touched until the page gets down to their times.
 */
export async function listTasks(pool: ReadPool, leaves: Leaves, query: ListQuery): Promise<ListPage> {
  const nobody = !query.unended && query.endStatuses?.length === 0;
  if (nobody || query.lanes?.length === 0 || query.limit <= 0) return NOTHING;
  const segs = await leaves.existing(query.segs);
  // In one snapshot, or a task that moves to segment 0 meanwhile would be missed, or be there twice.
  return pool.snapshot((reader) => readPage(reader, segs, query));
}

async function readPage(reader: Reader, segs: readonly number[], query: ListQuery): Promise<ListPage> {
  const walks = await startWalks(reader, segs, query);
  const tasks: StoredTask[] = [];
  let scanned = 0;
  let size = Math.max(20, query.limit + 1);
  for (;;) {
    const behind = walks.filter((walk) => !walk.done).sort((a, b) => compare(a.at, b.at))[0];
    const full = take(walks, tasks, query.limit, behind?.at ?? null);
    if (full) return { tasks, next: placeOf(tasks.at(-1)!), incomplete: false, scanned };
    if (!behind) return { tasks, next: null, incomplete: false, scanned };
    // Every walk leaves the place the page began at, or pages of few rows would never get on.
    const moved = query.after === null || compare(behind.at, query.after) > 0;
    if (scanned >= query.maxScanned && moved) return { tasks, next: behind.at, incomplete: true, scanned };
    const rows = Math.max(1, Math.min(size, query.maxScanned - scanned));
    const stretch = await readStretch(reader, behind.seg, query, behind.at, rows);
    scanned += stretch.scanned;
    behind.found.push(...stretch.matches);
    behind.done = stretch.scanned < rows;
    if (stretch.last) behind.at = stretch.last;
    size = Math.min(size * 2, LARGEST_STRETCH);
  }
}

async function startWalks(reader: Reader, segs: readonly number[], query: ListQuery): Promise<Walk[]> {
  const newest = await newestOf(reader, segs);
  const start = query.after ?? before(Number.MAX_SAFE_INTEGER);
  const bound = query.createdBefore === null ? start : first(start, before(query.createdBefore - 1));
  const walks: Walk[] = [];
  for (const [seg, time] of newest) {
    if (query.createdAfter !== null && time <= query.createdAfter) continue;
    walks.push({ seg, at: first(bound, before(time)), found: [], done: false });
  }
  return walks;
}

/** The later of two places in list order. */
function first(a: ListPlace, b: ListPlace): ListPlace {
  return compare(a, b) > 0 ? a : b;
}

/** Gives out, in order, matches that no walk can still come before; true: the page is full and something may follow. */
function take(walks: readonly Walk[], tasks: StoredTask[], limit: number, until: ListPlace | null): boolean {
  for (;;) {
    let next: Walk | undefined;
    for (const walk of walks) {
      const head = walk.found[0];
      if (head && (!next || compare(placeOf(head), placeOf(next.found[0]!)) < 0)) next = walk;
    }
    const head = next?.found[0];
    const ready = head !== undefined && (until === null || compare(placeOf(head), until) <= 0);
    if (tasks.length >= limit) return head !== undefined || until !== null;
    if (!ready) return false;
    tasks.push(head);
    next!.found.shift();
  }
}

function placeOf(stored: StoredTask): ListPlace {
  const { createdAt, shard, lane, seq } = stored.task;
  return { createdAt, shard, lane, seq };
}
