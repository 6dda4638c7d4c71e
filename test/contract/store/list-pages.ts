import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { allPages, allSegments, listQuery, newestFirst, tasksOf } from "./list-query.ts";
import { asOwner, type Owner } from "./owner.ts";
import { endRow, FAILED, moveRow, seqs, T0 } from "./rows.ts";

/** Three segments and segment 0, many tasks of the same times, some ended, some moved. */
async function fill(owner: Owner) {
  const all: ReturnType<Owner["task"]>[] = [];
  for (let round = 0; round < 3; round++) {
    const tasks = Array.from({ length: 30 }, (_, i) =>
      owner.task({
        shard: i % 4,
        lane: 1 + (i % 3),
        createdAt: T0 + round * 3 + (i % 5),
        seg: i % 6 === 0 ? 0 : owner.seg,
      }),
    );
    const movable = tasks.filter((task) => task.seg !== 0);
    await owner.flush({
      tasks,
      ends: movable.slice(0, 9).map((task, i) => endRow(task, { status: i % 3 === 0 ? FAILED : 3 })),
      moves: movable.slice(9, 12).map((task) => moveRow(task, T0)),
    });
    all.push(...tasks);
    if (round < 2) await owner.openSegment();
  }
  return newestFirst(all);
}

export function listPagesExam(openFresh: OpenFresh): void {
  describe("pages of a list", () => {
    test(
      "go over segments of overlapping times without loss or repeat, in order",
      asOwner(openFresh, async (owner) => {
        const expected = seqs(await fill(owner));
        const segs = await allSegments(owner);
        for (const limit of [1, 4, 7, 90, 500]) {
          const pages = await allPages(owner, listQuery(segs, { limit }));
          expect(seqs(tasksOf(pages))).toEqual(expected);
          for (const page of pages) expect(page.tasks.length).toBeLessThanOrEqual(limit);
        }
      }),
    );

    test(
      "stop after so many rows looked at, say so, and go on from there",
      asOwner(openFresh, async (owner) => {
        const all = await fill(owner);
        const wanted = all.filter((task) => task.lane === 2);
        const segs = await allSegments(owner);
        for (const maxScanned of [1, 3, 10]) {
          const pages = await allPages(owner, listQuery(segs, { lanes: [2], limit: 5, maxScanned }));
          expect(seqs(tasksOf(pages))).toEqual(seqs(wanted));
          expect(pages.some((page) => page.incomplete)).toBe(true);
          for (const page of pages) if (page.incomplete) expect(page.next).not.toBeNull();
        }
        const [first] = await allPages(owner, listQuery(segs, { name: "nobody", maxScanned: 10 }));
        expect(first).toMatchObject({ tasks: [], incomplete: true });
      }),
    );

    test(
      "of failed tasks are whole and in order",
      asOwner(openFresh, async (owner) => {
        const all = await fill(owner);
        const segs = await allSegments(owner);
        const stored = await owner.store.reads.tasks(all.map((task) => ({ ...task, segs })));
        const failed = all.filter((_, i) => stored[i]?.end?.status === FAILED);
        expect(failed.length).toBeGreaterThan(5);
        for (const limit of [1, 2, 50]) {
          const pages = await allPages(owner, listQuery(segs, { endStatuses: [FAILED], unended: false, limit }));
          expect(seqs(tasksOf(pages))).toEqual(seqs(failed));
        }
      }),
    );

    test(
      "keep their place while newer tasks come",
      asOwner(openFresh, async (owner) => {
        const all = await fill(owner);
        const segs = await allSegments(owner);
        const first = await owner.store.reads.list(listQuery(segs, { limit: 10 }));
        await owner.flush({ tasks: Array.from({ length: 5 }, () => owner.task({ createdAt: T0 + 1_000 })) });
        const rest = await allPages(owner, listQuery(segs, { limit: 10, after: first.next }));
        expect(seqs([...tasksOf([first]), ...tasksOf(rest)])).toEqual(seqs(all));
      }),
    );
  });
}
