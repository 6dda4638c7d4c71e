import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { endRow, eventRow, moveRow, seqs, T0 } from "./rows.ts";

const MUCH = 1 << 30;

export function refillExam(openFresh: OpenFresh): void {
  describe("refill", () => {
    test(
      "gives the heads of one lane of one shard in seq order",
      asOwner(openFresh, async (owner) => {
        const mine = [1, 2, 3].map(() => owner.task({ shard: 1, lane: 5 }));
        const others = [owner.task({ shard: 1, lane: 4 }), owner.task({ shard: 1, lane: 6 }), owner.task({ lane: 5 })];
        await owner.flush({ tasks: [mine[2]!, others[0]!, mine[0]!, others[1]!, mine[1]!, others[2]!] });
        const heads = await owner.store.recovery.refill(owner.seg, 1, 5, 0, 100, MUCH);
        expect(heads).toEqual(
          mine.map(({ shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec }) => ({
            ...{ shard, lane, seq, seg, createdAt, runAt, expiresAt, timeoutMs, maxAttempts, spec },
          })),
        );
      }),
    );

    test(
      "goes on after a seq and stops at its limit",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 10 }, () => owner.task());
        await owner.flush({ tasks });
        const { recovery } = owner.store;
        expect(seqs(await recovery.refill(owner.seg, 0, 1, 0, 3, MUCH))).toEqual(seqs(tasks.slice(0, 3)));
        expect(seqs(await recovery.refill(owner.seg, 0, 1, tasks[2]!.seq, 3, MUCH))).toEqual(seqs(tasks.slice(3, 6)));
        expect(seqs(await recovery.refill(owner.seg, 0, 1, tasks[8]!.seq, 3, MUCH))).toEqual([tasks[9]!.seq]);
        expect(await recovery.refill(owner.seg, 0, 1, tasks[9]!.seq, 3, MUCH)).toEqual([]);
        expect(await recovery.refill(owner.seg, 0, 99, 0, 3, MUCH)).toEqual([]);
      }),
    );

    test(
      "leaves out what has ended or moved, however many, and keeps what has only events",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 300 }, () => owner.task());
        await owner.flush({ tasks, events: [eventRow(tasks[150]!, owner.next())] });
        const open = [0, 150, 299].map((i) => tasks[i]!);
        const moved = tasks[200]!;
        await owner.flush({
          ends: tasks.filter((task) => !open.includes(task) && task !== moved).map((task) => endRow(task)),
          moves: [moveRow(moved, T0 + 1)],
        });
        expect(seqs(await owner.store.recovery.refill(owner.seg, 0, 1, 0, 10, MUCH))).toEqual(seqs(open));
        expect(seqs(await owner.store.recovery.refill(owner.seg, 0, 1, 0, 2, MUCH))).toEqual(seqs(open.slice(0, 2)));
      }),
    );

    test(
      "stops when specs pass its bytes, and always gives one",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 6 }, (_, i) => owner.task({ spec: new Uint8Array(100).fill(i) }));
        await owner.flush({ tasks });
        const refill = (maxBytes: number) => owner.store.recovery.refill(owner.seg, 0, 1, 0, 100, maxBytes);
        expect(seqs(await refill(1))).toEqual([tasks[0]!.seq]);
        const some = await refill(250);
        expect([2, 3]).toContain(some.length);
        expect(seqs(some)).toEqual(seqs(tasks.slice(0, some.length)));
        expect(await refill(600)).toHaveLength(6);
      }),
    );

    test(
      "a segment of the ring gives delayed tasks too, segment 0 only those without run_at",
      asOwner(openFresh, async (owner) => {
        const delayed = owner.task({ runAt: T0 + 30_000 });
        const later = owner.task({ seg: 0, runAt: T0 + 90_000 });
        const carried = owner.task({ seg: 0 });
        await owner.flush({ tasks: [delayed, later, carried] });
        const { recovery } = owner.store;
        expect((await recovery.refill(owner.seg, 0, 1, 0, 10, MUCH)).map((head) => head.runAt)).toEqual([T0 + 30_000]);
        expect(seqs(await recovery.refill(0, 0, 1, 0, 10, MUCH))).toEqual([carried.seq]);
      }),
    );

    test(
      "looks in the one segment it is told",
      asOwner(openFresh, async (owner) => {
        const first = owner.seg;
        const old = owner.task();
        await owner.flush({ tasks: [old] });
        await owner.openSegment();
        const young = owner.task();
        await owner.flush({ tasks: [young] });
        expect(seqs(await owner.store.recovery.refill(first, 0, 1, 0, 10, MUCH))).toEqual([old.seq]);
        expect(seqs(await owner.store.recovery.refill(owner.seg, 0, 1, 0, 10, MUCH))).toEqual([young.seq]);
      }),
    );
  });
}
