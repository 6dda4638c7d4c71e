import { describe, expect, test } from "@jest/globals";
import { EVENT } from "../../../coordinator/ports/rows.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { bytes, endRow, eventRow, moveRow, refOf, seqs, sessionRow, T0 } from "./rows.ts";

export function movesExam(openFresh: OpenFresh): void {
  describe("moves to segment 0", () => {
    test(
      "task and events are copied, also those of the same flush, and reads look through",
      asOwner(openFresh, async (owner) => {
        const task = owner.task({ labels: ["a=1"], expiresAt: T0 + 9, spec: bytes("kept") });
        const lease = eventRow(task, owner.next(), { session: 3 });
        await owner.flush({ tasks: [task], events: [lease], sessions: [sessionRow(3)] });
        const retry = eventRow(task, owner.next(), { kind: EVENT.retrying, nextAt: T0 + 90_000, detail: bytes("d") });
        await owner.flush({ events: [retry], moves: [moveRow(task, T0 + 90_000)] });

        const moved = {
          task: { ...task, seg: 0, runAt: T0 + 90_000 },
          events: [
            { ...lease, seg: 0 },
            { ...retry, seg: 0 },
          ],
          end: null,
          sessions: [sessionRow(3)],
        };
        for (const segs of [[owner.seg, 0], [0, owner.seg], [owner.seg], [0]])
          expect(await owner.store.reads.task(refOf(task), segs)).toEqual(moved);
      }),
    );

    test(
      "a task may come and move in one flush",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const lease = eventRow(task, owner.next());
        await owner.flush({ tasks: [task], events: [lease], moves: [moveRow(task, T0 + 5)] });
        const stored = await owner.stored(task);
        expect(stored?.task).toEqual({ ...task, seg: 0, runAt: T0 + 5 });
        expect(stored?.events).toEqual([{ ...lease, seg: 0 }]);
        expect(stored?.end).toBeNull();
      }),
    );

    test(
      "a moved task has left its segment for good and ends in segment 0",
      asOwner(openFresh, async (owner) => {
        const [task, stays] = [owner.task(), owner.task()];
        await owner.flush({ tasks: [task, stays], events: [eventRow(task, owner.next())] });
        await owner.flush({ moves: [moveRow(task, T0 + 5)] });
        const { recovery } = owner.store;
        expect(seqs(await recovery.refill(owner.seg, 0, 1, 0, 10, 1e6))).toEqual([stays.seq]);
        expect(await recovery.startedAfter(0, 0, new Map(), [owner.seg])).toEqual([]);
        expect((await recovery.startedAfter(0, 0, new Map(), [owner.seg, 0])).map((one) => one.task.seg)).toEqual([0]);
        expect(seqs((await recovery.due(T0, T0 + 5, null, 10)).map((one) => one.task))).toEqual([task.seq]);

        expect((await owner.flush({ ends: [endRow(task)] })).lostEnds).toEqual([0]);
        expect((await owner.flush({ ends: [endRow({ ...task, seg: 0 })] })).lostEnds).toEqual([]);
        expect((await owner.stored(task))?.end).toEqual(endRow({ ...task, seg: 0 }));
        expect(await recovery.due(T0, T0 + 5, null, 10)).toEqual([]);
      }),
    );

    test(
      "a task that has ended does not come back by a move",
      asOwner(openFresh, async (owner) => {
        const [ended, waiting] = [owner.task(), owner.task()];
        await owner.flush({ tasks: [ended, waiting], ends: [endRow(ended)] });
        await owner.flush({ moves: [moveRow(ended, T0 + 5), moveRow(waiting, T0 + 6)] });
        const stored = await owner.stored(ended);
        expect(stored?.end).toEqual(endRow(ended));
        expect(stored?.task.seg).toBe(owner.seg);
        expect(await owner.store.reads.task(refOf(ended), [0])).toBeNull();
        expect((await owner.stored(waiting))?.task.seg).toBe(0);
      }),
    );

    test(
      "a moved task that is not due by time waits with run_at 0",
      asOwner(openFresh, async (owner) => {
        const task = owner.task({ runAt: T0 + 70_000 });
        await owner.flush({ tasks: [task] });
        await owner.flush({ moves: [moveRow(task, 0)] });
        expect((await owner.stored(task))?.task.runAt).toBe(0);
        expect(seqs(await owner.store.recovery.refill(0, 0, 1, 0, 10, 1e6))).toEqual([task.seq]);
        expect(await owner.store.recovery.due(0, Number.MAX_SAFE_INTEGER, null, 10)).toEqual([]);
      }),
    );

    test(
      "a task of segment 0 that moves gets its run_at and nothing else",
      asOwner(openFresh, async (owner) => {
        const [waiting, ended, ring] = [owner.task({ seg: 0 }), owner.task({ seg: 0 }), owner.task()];
        const lease = eventRow(waiting, owner.next());
        await owner.flush({ tasks: [waiting, ended, ring], events: [lease], ends: [endRow(ended)] });
        const retry = eventRow(waiting, owner.next(), { kind: EVENT.retrying, nextAt: T0 + 70_000 });
        await owner.flush({ events: [retry], moves: [moveRow(waiting, T0 + 70_000), moveRow(ended, T0 + 5)] });
        expect(await owner.stored(waiting)).toEqual({
          task: { ...waiting, runAt: T0 + 70_000 },
          events: [lease, retry],
          end: null,
          sessions: [],
        });
        expect((await owner.stored(ended))?.end).toEqual(endRow(ended));
        const { recovery } = owner.store;
        expect(seqs((await recovery.due(T0, T0 + 70_000, null, 10)).map((one) => one.task))).toEqual([waiting.seq]);
        expect(await recovery.refill(0, 0, 1, 0, 10, 1e6)).toEqual([]);
      }),
    );
  });
}
