import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { bytes, CANCELLED, endRow, FAILED, refOf, T0 } from "./rows.ts";

export function endsExam(openFresh: OpenFresh): void {
  describe("ends", () => {
    test(
      "a task ends once: a later end is lost, the others of its flush are written",
      asOwner(openFresh, async (owner) => {
        const tasks = [owner.task(), owner.task({ lane: 2 }), owner.task({ shard: 1 })];
        const [a, b, c] = tasks as [(typeof tasks)[0], (typeof tasks)[0], (typeof tasks)[0]];
        await owner.flush({ tasks });
        const first = endRow(b!, { status: FAILED, reason: 10, at: T0 + 1 });
        expect((await owner.flush({ ends: [first] })).lostEnds).toEqual([]);
        const late = endRow(b!, { status: CANCELLED, at: T0 + 2, detail: bytes("late") });
        expect((await owner.flush({ ends: [endRow(a!), late, endRow(c!)] })).lostEnds).toEqual([1]);
        expect((await owner.stored(a!))?.end?.status).toBe(3);
        expect((await owner.stored(b!))?.end).toEqual(first);
        expect((await owner.stored(c!))?.end?.status).toBe(3);
      }),
    );

    test(
      "of two ends of one task in a flush the first counts",
      asOwner(openFresh, async (owner) => {
        const [task, other] = [owner.task(), owner.task()];
        const ends = [endRow(task, { at: T0 + 1 }), endRow(other), endRow(task, { status: FAILED }), endRow(other)];
        const result = await owner.flush({ tasks: [task, other], ends });
        expect(result.lostEnds).toEqual([2, 3]);
        expect((await owner.stored(task))?.end).toEqual(ends[0]);
      }),
    );

    test(
      "the same number in another lane or shard is another task",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const twins = [task, { ...task, lane: 2 }, { ...task, shard: 1 }];
        await owner.flush({ tasks: twins });
        expect((await owner.flush({ ends: [endRow(task)] })).lostEnds).toEqual([]);
        expect((await owner.stored(twins[1]!))?.end).toBeNull();
        expect((await owner.stored(twins[2]!))?.end).toBeNull();
        expect((await owner.stored(task))?.end).toMatchObject(refOf(task));
      }),
    );

    test(
      "tasks of segment 0 end there",
      asOwner(openFresh, async (owner) => {
        const task = owner.task({ seg: 0, runAt: T0 + 60_000 });
        await owner.flush({ tasks: [task] });
        expect((await owner.flush({ ends: [endRow(task)] })).lostEnds).toEqual([]);
        expect((await owner.flush({ ends: [endRow(task)] })).lostEnds).toEqual([0]);
        expect((await owner.stored(task))?.end).toEqual(endRow(task));
      }),
    );
  });
}
