import { describe, expect, test } from "@jest/globals";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { asOwner, claimAll } from "./owner.ts";
import { endRow, T0 } from "./rows.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;

export function segmentsExam(openFresh: OpenFresh): void {
  describe("segments", () => {
    test(
      "a new database has segment 0 alone, which is not listed",
      onFresh(openFresh, async (fresh) => {
        const store = await fresh.open();
        expect(await store.segments.list()).toEqual([]);
        const owner = await claimAll(store);
        const task = owner.task({ seg: 0, runAt: T0 + 1 });
        await owner.openSegment();
        await owner.flush({ tasks: [task] });
        expect((await store.reads.task(task, [0]))?.task).toEqual(task);
      }),
    );

    test(
      "an opened segment is listed with its ranges, its generation above all before",
      asOwner(openFresh, async (owner) => {
        const first = (await owner.store.segments.list())[0]!;
        const from = owner.shards.map(({ shard }) => ({ shard, fromSeq: owner.next(shard) }));
        const second = await owner.store.segments.open(owner.shards, from, T0 + 5);
        expect(second.openedAt).toBe(T0 + 5);
        expect(second.ranges).toEqual(from);
        expect(second.generation).toBeGreaterThan(first.generation);
        expect(second.seg).toBeGreaterThanOrEqual(1);
        expect(second.seg).not.toBe(first.seg);
        const listed = [...(await owner.store.segments.list())].sort((a, b) => a.generation - b.generation);
        const until = new Map(from.map((range) => [range.shard, range.fromSeq]));
        const sealed = first.ranges.map((range) => ({ ...range, untilSeq: until.get(range.shard) }));
        expect(listed).toEqual([{ ...first, ranges: sealed }, second]);
      }),
    );

    test(
      "who asks again for a segment, as the answer was lost, is given the one that was opened",
      asOwner(openFresh, async (owner) => {
        const from = owner.shards.map(({ shard }) => ({ shard, fromSeq: owner.next(shard) }));
        const opened = await owner.store.segments.open(owner.shards, from, T0 + 5);
        const listed = await owner.store.segments.list();
        expect(await owner.store.segments.open(owner.shards, from, T0 + 7)).toEqual(opened);
        expect(await owner.store.segments.list()).toEqual(listed);
      }),
    );

    test(
      "a sealed segment keeps the end of its stretch when the one after it is given back",
      asOwner(openFresh, async (owner) => {
        await owner.openSegment();
        const middle = owner.seg;
        await owner.openSegment();
        const before = await owner.store.segments.list();
        const result = await owner.store.segments.reclaim(owner.shards, middle, FOREVER, 0);
        expect(result.outcome).toBe("reclaimed");
        expect(await owner.store.segments.list()).toEqual(before.filter((segment) => segment.seg !== middle));
      }),
    );

    test(
      "segments outlive their store",
      asOwner(openFresh, async (owner, fresh) => {
        await owner.openSegment(T0 + 1);
        const before = await owner.store.segments.list();
        await owner.store.close();
        const next = await fresh.open();
        expect(await next.segments.list()).toEqual(before);
      }),
    );

    test(
      "a ring that turns often uses few numbers again, generations never",
      asOwner(openFresh, async (owner) => {
        const generations: number[] = [];
        let sealed = owner.seg;
        for (let turn = 0; turn < 12; turn++) {
          const task = owner.task();
          await owner.flush({ tasks: [task], ends: [endRow(task)] });
          const segment = await owner.openSegment();
          generations.push(segment.generation);
          expect(segment.seg).toBeLessThanOrEqual(4);
          expect(await owner.store.reads.task(task, [segment.seg])).toBeNull();
          expect(await owner.store.segments.reclaim(owner.shards, sealed, FOREVER, 10)).toEqual({
            outcome: "reclaimed",
            moved: [],
          });
          sealed = segment.seg;
        }
        expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));
        expect(await owner.store.segments.list()).toHaveLength(1);
      }),
    );
  });
}
