import { describe, expect, test } from "@jest/globals";
import type { StoredTask, TaskHead } from "../../../coordinator/ports/rows.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { byNumber, bytes, endRow, eventRow, seqs, sessionRow, T0 } from "./rows.ts";

const place = (stored: StoredTask) => ({
  runAt: stored.task.runAt,
  shard: stored.task.shard,
  lane: stored.task.lane,
  seq: stored.task.seq,
});

export function delayedExam(openFresh: OpenFresh): void {
  describe("delayed and expiring tasks", () => {
    test(
      "delayedAfter gives tasks of the ring with run_at, without an end, beyond a seq",
      asOwner(openFresh, async (owner) => {
        const delayed = [1, 2, 3, 4].map((i) => owner.task({ runAt: T0 + i, lane: i, spec: bytes(`${i}`) }));
        const plain = owner.task();
        const elsewhere = owner.task({ shard: 1, runAt: T0 + 1 });
        const later = owner.task({ seg: 0, runAt: T0 + 1 });
        await owner.flush({ tasks: [...delayed, plain, elsewhere, later], ends: [endRow(delayed[3]!)] });
        const { recovery } = owner.store;
        const all = await recovery.delayedAfter(0, 0, [owner.seg, 0]);
        expect(seqs(all).sort(byNumber)).toEqual(seqs(delayed.slice(0, 3)));
        expect(all.find((head) => head.lane === 2)).toMatchObject({ runAt: T0 + 2, seg: owner.seg, spec: bytes("2") });
        const beyond = await recovery.delayedAfter(0, delayed[0]!.seq, [owner.seg]);
        expect(seqs(beyond).sort(byNumber)).toEqual(seqs(delayed.slice(1, 3)));
        expect(await recovery.delayedAfter(0, 0, [0])).toEqual([]);
      }),
    );

    test(
      "due gives tasks of segment 0 in a span of run_at, whole",
      asOwner(openFresh, async (owner) => {
        const runAts = [T0, T0 + 1, T0 + 2, T0 + 3];
        const tasks = runAts.map((runAt) => owner.task({ seg: 0, runAt }));
        const ring = owner.task({ runAt: T0 + 1 });
        const ended = owner.task({ seg: 0, runAt: T0 + 1 });
        const lease = eventRow(tasks[1]!, owner.next(), { session: 1 });
        await owner.flush({
          tasks: [...tasks, ring, ended],
          events: [lease],
          ends: [endRow(ended)],
          sessions: [sessionRow(1)],
        });
        const due = await owner.store.recovery.due(T0, T0 + 2, null, 10);
        expect(due).toEqual([
          { task: tasks[1], events: [lease], end: null, sessions: [sessionRow(1)] },
          { task: tasks[2], events: [], end: null, sessions: [] },
        ]);
      }),
    );

    test(
      "due pages by (run_at, shard, lane, seq) without loss or repeat",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 40 }, (_, i) =>
          owner.task({ seg: 0, runAt: T0 + (i % 4), shard: i % 3, lane: 1 + (i % 5) }),
        );
        await owner.flush({ tasks });
        const expected = [...tasks].sort(
          (a, b) => a.runAt - b.runAt || a.shard - b.shard || a.lane - b.lane || a.seq - b.seq,
        );
        const paged: ReturnType<typeof place>[] = [];
        for (let after: ReturnType<typeof place> | null = null; ; after = paged.at(-1) ?? null) {
          const page = await owner.store.recovery.due(0, T0 + 10, after, 7);
          if (page.length === 0) break;
          expect(page.length).toBeLessThanOrEqual(7);
          paged.push(...page.map(place));
        }
        expect(seqs(paged)).toEqual(seqs(expected));
      }),
    );

    test(
      "expired gives tasks whose expiry has come, oldest first, over its segments",
      asOwner(openFresh, async (owner) => {
        const first = owner.seg;
        const a = owner.task({ expiresAt: T0 + 3 });
        const ended = owner.task({ expiresAt: T0 + 1 });
        await owner.flush({ tasks: [a, ended, owner.task()], ends: [endRow(ended)] });
        await owner.openSegment();
        const b = owner.task({ shard: 1, expiresAt: T0 + 1 });
        const c = owner.task({ shard: 2, seg: 0, expiresAt: T0 + 2, runAt: T0 + 1 });
        const future = owner.task({ expiresAt: T0 + 10 });
        await owner.flush({ tasks: [b, c, future] });
        const segs = [first, owner.seg, 0];
        const { recovery } = owner.store;
        const all = await recovery.expired(segs, 0, T0 + 3, null, 10);
        expect(seqs(all)).toEqual(seqs([b, c, a]));
        expect(all[1]).toMatchObject({ seg: 0, shard: 2, runAt: T0 + 1 });
        expect(seqs(await recovery.expired(segs, 0, T0 + 3, null, 2))).toEqual(seqs([b, c]));
        expect(seqs(await recovery.expired([first], 0, T0 + 3, null, 10))).toEqual([a.seq]);
        expect(await recovery.expired(segs, 0, T0, null, 10)).toEqual([]);
        expect(seqs(await recovery.expired(segs, T0 + 1, T0 + 9, null, 10))).toEqual(seqs([c, a]));
        expect(await recovery.expired(segs, T0 + 3, T0 + 9, null, 10)).toEqual([]);
        // One that comes later may expire sooner.
        const sooner = owner.task({ expiresAt: T0 + 5 });
        await owner.flush({ tasks: [sooner] });
        expect(seqs(await recovery.expired(segs, T0 + 3, T0 + 9, null, 10))).toEqual([sooner.seq]);
      }),
    );

    test(
      "expired pages by (expires_at, shard, lane, seq) without loss or repeat, over its segments",
      asOwner(openFresh, async (owner) => {
        const first = owner.seg;
        const make = (count: number) =>
          Array.from({ length: count }, (_, i) =>
            owner.task({ expiresAt: T0 + (i % 4), shard: i % 3, lane: 1 + (i % 5) }),
          );
        const tasks = make(20);
        await owner.flush({ tasks });
        await owner.openSegment();
        const more = make(20);
        await owner.flush({ tasks: more });
        const expected = [...tasks, ...more].sort(
          (a, b) => a.expiresAt - b.expiresAt || a.shard - b.shard || a.lane - b.lane || a.seq - b.seq,
        );
        const paged: TaskHead[] = [];
        for (;;) {
          const page = await owner.store.recovery.expired([owner.seg, first], 0, T0 + 9, paged.at(-1) ?? null, 7);
          paged.push(...page);
          if (page.length < 7) break;
        }
        expect(seqs(paged)).toEqual(seqs(expected));
      }),
    );
  });
}
