import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { bytes, DAY_MS, endRow, eventRow, gateRow, sessionRow, T0 } from "./rows.ts";

export function pruneExam(openFresh: OpenFresh): void {
  describe("pruning", () => {
    test(
      "pruneLater deletes ended tasks of segment 0 whose end is older, at most so many a call",
      asOwner(openFresh, async (owner) => {
        const ended = Array.from({ length: 5 }, () => owner.task({ seg: 0, runAt: T0 + 1 }));
        const recent = owner.task({ seg: 0 });
        const waiting = owner.task({ seg: 0, createdAt: 1, runAt: 2 });
        const ring = owner.task();
        await owner.flush({
          tasks: [...ended, recent, waiting, ring],
          events: ended.map((task) => eventRow(task, owner.next())),
          ends: [
            ...ended.map((task, i) => endRow(task, { at: T0 + i })),
            endRow(recent, { at: T0 + 100 }),
            endRow(ring, { at: T0 }),
          ],
        });
        const prune = (limit: number) => owner.store.segments.pruneLater(owner.shards, T0 + 100, limit);
        expect(await prune(2)).toBe(2);
        expect(await prune(10)).toBe(3);
        expect(await prune(10)).toBe(0);
        for (const task of ended) expect(await owner.stored(task)).toBeNull();
        for (const task of [recent, waiting, ring]) expect(await owner.stored(task)).not.toBeNull();
        const reborn = { ...ended[0]! };
        await owner.flush({ tasks: [reborn] });
        expect((await owner.stored(reborn))?.events).toEqual([]);
      }),
    );

    test(
      "pruneGates forgets gates of past days and none that still holds",
      asOwner(openFresh, async (owner) => {
        const gate = (key: string, expiresAt: number) => gateRow(key, { expiresAt });
        const held = async (at: number, ...gates: ReturnType<typeof gate>[]) => {
          const parts = { at, keys: gates, tasks: gates.map(() => owner.task()), taskKeys: gates.map((_, i) => i) };
          return (await owner.flush(parts)).keys.map((hit) => hit !== null);
        };
        const gates = [gate("k:today", T0 + 1_000), gate("k:tomorrow", T0 + DAY_MS), gate("k:week", T0 + 7 * DAY_MS)];
        const { segments } = owner.store;
        expect(await held(T0, ...gates)).toEqual([false, false, false]);
        await segments.pruneGates(T0 + 500);
        expect(await held(T0 + 500, ...gates)).toEqual([true, true, true]);
        await segments.pruneGates(T0 + DAY_MS - 1);
        expect(await held(T0 + DAY_MS - 1, gates[1]!, gates[2]!)).toEqual([true, true]);
        const later = T0 + 30 * DAY_MS;
        await segments.pruneGates(later);
        await segments.pruneGates(later);
        expect(await held(later, ...gates.map((one) => gate(one.key, later + 1)))).toEqual([false, false, false]);
      }),
    );

    test(
      "pruneGates keeps a session that a retained event names, however old it is",
      asOwner(openFresh, async (owner) => {
        const [task, later] = [owner.task(), owner.task({ seg: 0 })];
        await owner.flush({
          at: T0,
          tasks: [task, later],
          events: [eventRow(task, owner.next(), { session: 1 }), eventRow(later, owner.next(), { session: 2 })],
          sessions: [sessionRow(1, { at: T0 - 400 * DAY_MS }), sessionRow(2, { at: T0 - 400 * DAY_MS })],
        });
        await owner.store.segments.pruneGates(T0 + 2 * DAY_MS);
        expect((await owner.stored(task))?.sessions).toHaveLength(1);
        expect((await owner.stored(later))?.sessions).toHaveLength(1);
      }),
    );

    test(
      "pruneGates forgets a session once the events that named it are gone",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const named = sessionRow(1, { at: T0 - DAY_MS });
        const event = eventRow(task, owner.next(), { session: 1, at: T0 - DAY_MS });
        await owner.flush({ tasks: [task], events: [event], ends: [endRow(task)], sessions: [named] });
        const sealed = owner.seg;
        await owner.openSegment();
        await owner.store.segments.reclaim(owner.shards, sealed, Number.MAX_SAFE_INTEGER, 0);
        const fresh = owner.task();
        await owner.flush({
          tasks: [fresh],
          events: [eventRow(fresh, owner.next(), { session: 2, at: T0 + 2 * DAY_MS })],
        });
        await owner.store.segments.pruneGates(T0 + 2 * DAY_MS);
        const heir = owner.task();
        await owner.flush({
          tasks: [heir],
          events: [eventRow(heir, owner.next(), { session: 1, detail: bytes("") })],
          sessions: [sessionRow(1, { workerName: "heir" })],
        });
        expect((await owner.stored(heir))?.sessions[0]?.workerName).toBe("heir");
      }),
    );
  });
}
