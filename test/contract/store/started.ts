import { describe, expect, test } from "@jest/globals";
import type { StoredTask } from "../../../coordinator/ports/rows.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { byNumber, endRow, eventRow, seqs, sessionRow } from "./rows.ts";

const found = (stored: readonly StoredTask[]): number[] => seqs(stored.map((one) => one.task)).sort(byNumber);

export function startedExam(openFresh: OpenFresh): void {
  describe("startedAfter", () => {
    test(
      "gives tasks of the shard that have events and no end, whole",
      asOwner(openFresh, async (owner) => {
        const [running, ended, waiting] = [owner.task(), owner.task(), owner.task()];
        const elsewhere = owner.task({ shard: 1 });
        const leases = [eventRow(running, owner.next(), { session: 2 }), eventRow(running, owner.next())];
        await owner.flush({
          tasks: [running, ended, waiting, elsewhere],
          events: [...leases, eventRow(ended, owner.next()), eventRow(elsewhere, owner.next(1))],
          sessions: [sessionRow(2)],
        });
        await owner.flush({ ends: [endRow(ended)] });
        const started = await owner.store.recovery.startedAfter(0, 0, new Map(), [owner.seg, 0]);
        expect(started).toEqual([{ task: running, events: leases, end: null, sessions: [sessionRow(2)] }]);
      }),
    );

    test(
      "counts from a seq of the lane where one is named, else from the floor",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 12 }, (_, i) => owner.task({ lane: 1 + (i % 3) }));
        await owner.flush({ tasks, events: tasks.map((task) => eventRow(task, owner.next())) });
        const started = (floor: number, lanes: [number, number][]) =>
          owner.store.recovery.startedAfter(0, floor, new Map(lanes), [owner.seg]);
        const beyond = (lane: number, seq: number) => seqs(tasks).filter((s, i) => tasks[i]!.lane === lane && s > seq);

        expect(found(await started(0, []))).toEqual(seqs(tasks));
        const floor = tasks[5]!.seq;
        expect(found(await started(floor, []))).toEqual(seqs(tasks.slice(6)));
        const expected = [...beyond(1, tasks[9]!.seq), ...beyond(2, 0), ...beyond(3, floor)];
        expect(
          found(
            await started(floor, [
              [1, tasks[9]!.seq],
              [2, 0],
              [77, 0],
            ]),
          ),
        ).toEqual(expected.sort(byNumber));
      }),
    );

    test(
      "looks in the segments it is told, segment 0 among them",
      asOwner(openFresh, async (owner) => {
        const first = owner.seg;
        const old = owner.task();
        await owner.flush({ tasks: [old], events: [eventRow(old, owner.next())] });
        await owner.openSegment();
        const young = owner.task();
        const later = owner.task({ seg: 0 });
        await owner.flush({
          tasks: [young, later],
          events: [young, later].map((task) => eventRow(task, owner.next())),
        });
        const started = (segs: number[]) => owner.store.recovery.startedAfter(0, 0, new Map(), segs);
        expect(found(await started([first]))).toEqual([old.seq]);
        expect(found(await started([owner.seg]))).toEqual([young.seq]);
        expect(found(await started([first, owner.seg, 0]))).toEqual([old.seq, young.seq, later.seq]);
        expect(await started([])).toEqual([]);
      }),
    );

    test(
      "finds a few running tasks among many ended ones of many lanes",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 2_000 }, (_, i) => owner.task({ lane: 1 + (i % 50) }));
        await owner.flush({ tasks, events: tasks.map((task) => eventRow(task, owner.next())) });
        const running = [3, 999, 1_998].map((i) => tasks[i]!);
        await owner.flush({ ends: tasks.filter((task) => !running.includes(task)).map((task) => endRow(task)) });
        const started = await owner.store.recovery.startedAfter(0, 0, new Map(), [owner.seg, 0]);
        expect(found(started)).toEqual(seqs(running));
      }),
    );
  });
}
