import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner, type Owner } from "./owner.ts";
import { bytes, CANCELLED, endRow, eventRow, moveRow, refOf, seqs, sessionRow, T0 } from "./rows.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;

/** Seals the open segment by opening the next one; gives its number. */
async function seal(owner: Owner): Promise<number> {
  const sealed = owner.seg;
  await owner.openSegment();
  return sealed;
}

export function reclaimExam(openFresh: OpenFresh): void {
  describe("reclaim", () => {
    test(
      "empties a segment whose newest end is old, and keeps one whose newest end is not",
      asOwner(openFresh, async (owner) => {
        const tasks = [owner.task({ createdAt: T0 + 900 }), owner.task()];
        const ends = [endRow(tasks[0]!, { at: T0 + 100 }), endRow(tasks[1]!, { at: T0 + 200 })];
        await owner.flush({ tasks, ends, events: tasks.map((task) => eventRow(task, owner.next())) });
        const sealed = await seal(owner);
        const { segments, reads, recovery } = owner.store;
        expect(await segments.reclaim(owner.shards, sealed, T0 + 200, 10)).toEqual({ outcome: "recent" });
        expect(await reads.task(tasks[0]!, [sealed])).not.toBeNull();
        expect(await segments.reclaim(owner.shards, sealed, T0 + 201, 10)).toEqual({ outcome: "reclaimed", moved: [] });
        expect(await reads.task(tasks[0]!, [sealed, 0])).toBeNull();
        expect(await recovery.refill(sealed, 0, 1, 0, 10, 1e6)).toEqual([]);
        expect(await recovery.startedAfter(0, 0, new Map(), [sealed])).toEqual([]);
        expect(await recovery.flushesAfter(0, 0, 0, [sealed])).toEqual([]);
        expect((await segments.list()).map((segment) => segment.seg)).toEqual([owner.seg]);
      }),
    );

    test(
      "an end that comes later counts, and so does the newest of several flushes",
      asOwner(openFresh, async (owner) => {
        const tasks = [owner.task(), owner.task()];
        await owner.flush({ tasks, ends: [endRow(tasks[0]!, { at: T0 + 50 })] });
        const sealed = await seal(owner);
        await owner.flush({ ends: [endRow(tasks[1]!, { at: T0 + 1_000 })] });
        const reclaim = (before: number) => owner.store.segments.reclaim(owner.shards, sealed, before, 10);
        expect(await reclaim(T0 + 1_000)).toEqual({ outcome: "recent" });
        expect(await reclaim(T0 + 1_001)).toEqual({ outcome: "reclaimed", moved: [] });
      }),
    );

    test(
      "without ends the newest task counts; an empty segment goes at once",
      asOwner(openFresh, async (owner) => {
        await owner.flush({ tasks: [owner.task({ createdAt: T0 + 5 }), owner.task({ createdAt: T0 + 3 })] });
        const filled = await seal(owner);
        const empty = await seal(owner);
        const reclaim = (seg: number, before: number) => owner.store.segments.reclaim(owner.shards, seg, before, 10);
        expect(await reclaim(filled, T0 + 5)).toEqual({ outcome: "recent" });
        expect((await reclaim(filled, T0 + 6)).outcome).toBe("reclaimed");
        expect((await reclaim(empty, 1)).outcome).toBe("reclaimed");
      }),
    );

    test(
      "the open segment stays",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        await owner.flush({ tasks: [task], ends: [endRow(task)] });
        const result = await owner.store.segments.reclaim(owner.shards, owner.seg, FOREVER, 10);
        expect(result.outcome).not.toBe("reclaimed");
        expect(await owner.stored(task)).not.toBeNull();
        expect(await owner.store.segments.list()).toHaveLength(1);
      }),
    );

    test(
      "moves the unfinished tasks with their events to segment 0, ids unchanged",
      asOwner(openFresh, async (owner) => {
        const ended = owner.task();
        const running = owner.task({ shard: 1, spec: bytes("running") });
        const delayed = owner.task({ shard: 2, runAt: T0 + 10, labels: ["a=b"] });
        const lease = eventRow(running, owner.next(1), { session: 6 });
        await owner.flush({
          tasks: [ended, running, delayed],
          events: [lease, eventRow(ended, owner.next())],
          ends: [endRow(ended)],
          sessions: [sessionRow(6)],
        });
        const sealed = await seal(owner);
        const result = await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 2);
        if (result.outcome !== "reclaimed") throw new Error(`outcome was ${result.outcome}`);
        expect([...result.moved].map(refOf).sort((a, b) => a.shard - b.shard)).toEqual([running, delayed].map(refOf));
        expect(await owner.stored(ended)).toBeNull();
        expect(await owner.stored(running)).toEqual({
          task: { ...running, seg: 0 },
          events: [{ ...lease, seg: 0 }],
          end: null,
          sessions: [sessionRow(6)],
        });
        expect((await owner.stored(delayed))?.task).toEqual({ ...delayed, seg: 0 });
        expect(seqs((await owner.store.recovery.due(0, FOREVER, null, 10)).map((one) => one.task))).toEqual([
          delayed.seq,
        ]);
        expect((await owner.flush({ ends: [endRow({ ...running, seg: 0 })] })).lostEnds).toEqual([]);
      }),
    );

    test(
      "keeps a segment with too many unfinished tasks and says how many",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 7 }, () => owner.task());
        await owner.flush({ tasks, ends: [endRow(tasks[0]!), endRow(tasks[1]!)] });
        const sealed = await seal(owner);
        const reclaim = (max: number) => owner.store.segments.reclaim(owner.shards, sealed, FOREVER, max);
        expect(await reclaim(4)).toEqual({ outcome: "unfinished", unfinished: 5 });
        expect((await owner.stored(tasks[6]!))?.task.seg).toBe(sealed);
        await owner.flush({ ends: [endRow(tasks[2]!, { status: CANCELLED })] });
        const result = await reclaim(4);
        expect(result.outcome === "reclaimed" && result.moved).toHaveLength(4);
      }),
    );

    test(
      "an end for a task that was never there hides no unfinished one",
      asOwner(openFresh, async (owner) => {
        const [kept, ghost] = [owner.task(), owner.task()];
        await owner.flush({ tasks: [kept], ends: [endRow(ghost)] });
        const sealed = await seal(owner);
        await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 10);
        expect((await owner.stored(kept))?.task).toEqual({ ...kept, seg: 0 });
      }),
    );

    test(
      "tasks that moved before are no ends: they hold nothing up and are not moved again",
      asOwner(openFresh, async (owner) => {
        const [ended, moved] = [owner.task(), owner.task()];
        await owner.flush({ tasks: [ended, moved], ends: [endRow(ended, { at: T0 })] });
        const sealed = await seal(owner);
        await owner.flush({ at: T0 + 10_000, moves: [moveRow(moved, T0 + 5)] });
        expect(await owner.store.segments.reclaim(owner.shards, sealed, T0 + 1, 0)).toEqual({
          outcome: "reclaimed",
          moved: [],
        });
        expect((await owner.stored(moved))?.task).toEqual({ ...moved, seg: 0, runAt: T0 + 5 });
      }),
    );

    test(
      "a number that is used again shows nothing of its former life",
      asOwner(openFresh, async (owner) => {
        const old = Array.from({ length: 50 }, () => owner.task({ runAt: T0 + 1, expiresAt: T0 + 1 }));
        await owner.flush({ tasks: old, events: old.map((task) => eventRow(task, owner.next())) });
        await owner.flush({ ends: old.map((task) => endRow(task)) });
        const sealed = await seal(owner);
        await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 0);
        while (owner.seg !== sealed) {
          const before = await seal(owner);
          await owner.store.segments.reclaim(owner.shards, before, FOREVER, 0);
        }
        const { recovery, reads } = owner.store;
        expect(await reads.tasks(old.map((task) => ({ ...task, segs: [sealed, 0] })))).toEqual(old.map(() => null));
        expect(await recovery.delayedAfter(0, 0, [sealed])).toEqual([]);
        expect(await recovery.expired([sealed], 0, FOREVER, null, 10)).toEqual([]);
        const task = owner.task();
        await owner.flush({ tasks: [task] });
        expect(seqs(await recovery.refill(sealed, 0, 1, 0, 10, 1e6))).toEqual([task.seq]);
      }),
    );
  });
}
