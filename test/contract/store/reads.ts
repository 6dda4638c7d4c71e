import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { endRow, eventRow, moveRow, refOf, sessionRow } from "./rows.ts";

export function readsExam(openFresh: OpenFresh): void {
  describe("reads", () => {
    test(
      "a task is looked for in each segment in turn; where none has it there is none",
      asOwner(openFresh, async (owner) => {
        const old = owner.task();
        await owner.flush({ tasks: [old] });
        const first = owner.seg;
        await owner.openSegment();
        const { reads } = owner.store;
        expect((await reads.task(refOf(old), [owner.seg, first, 0]))?.task).toEqual(old);
        expect(await reads.task(refOf(old), [owner.seg, 0])).toBeNull();
        expect(await reads.task(refOf(old), [])).toBeNull();
        expect(await reads.task({ ...refOf(old), lane: 2 }, [first, 0])).toBeNull();
        expect(await reads.task({ ...refOf(old), shard: 3 }, [first, 0])).toBeNull();
      }),
    );

    test(
      "a segment that is not there holds nothing",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        await owner.flush({ tasks: [task] });
        const absent = owner.seg + 40;
        expect(await owner.store.reads.task(refOf(task), [absent])).toBeNull();
        expect((await owner.store.reads.task(refOf(task), [absent, owner.seg]))?.task).toEqual(task);
        const page = await owner.store.reads.list({
          segs: [absent, owner.seg, 0],
          after: null,
          limit: 10,
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
          maxScanned: 1_000,
        });
        expect(page.tasks.map((one) => one.task)).toEqual([task]);
      }),
    );

    test(
      "several tasks are answered beside their refs",
      asOwner(openFresh, async (owner) => {
        const [plain, ended, moved] = [owner.task(), owner.task({ shard: 1 }), owner.task({ lane: 9 })];
        const lease = eventRow(ended, owner.next(1), { session: 4 });
        await owner.flush({ tasks: [plain, ended, moved], events: [lease], sessions: [sessionRow(4)] });
        await owner.flush({ ends: [endRow(ended)], moves: [moveRow(moved, 0)] });
        const segs = [owner.seg, 0];
        const absent = { ...refOf(plain), seq: owner.next() };
        const refs = [moved, absent, ended, plain, ended].map((ref) => ({ ...refOf(ref), segs }));
        const stored = await owner.store.reads.tasks(refs);
        expect(stored).toEqual([
          { task: { ...moved, seg: 0 }, events: [], end: null, sessions: [] },
          null,
          { task: ended, events: [lease], end: endRow(ended), sessions: [sessionRow(4)] },
          { task: plain, events: [], end: null, sessions: [] },
          { task: ended, events: [lease], end: endRow(ended), sessions: [sessionRow(4)] },
        ]);
        expect(await owner.store.reads.tasks([])).toEqual([]);
      }),
    );

    test(
      "each session that events name is given once, a session nobody recorded not at all",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const events = [7, 8, 7, 99, 0].map((session) => eventRow(task, owner.next(), { session }));
        await owner.flush({ tasks: [task], events, sessions: [sessionRow(7), sessionRow(8), sessionRow(6)] });
        const stored = await owner.stored(task);
        expect([...(stored?.sessions ?? [])].sort((a, b) => a.session - b.session)).toEqual([
          sessionRow(7),
          sessionRow(8),
        ]);
      }),
    );

    test(
      "events come by ord, whatever order they were written in",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const ords = [owner.next(), owner.next(), owner.next()];
        await owner.flush({ tasks: [task], events: [eventRow(task, ords[2]!), eventRow(task, ords[0]!)] });
        await owner.flush({ events: [eventRow(task, ords[1]!)] });
        expect((await owner.stored(task))?.events.map((event) => event.ord)).toEqual(ords);
      }),
    );
  });
}
