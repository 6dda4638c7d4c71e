import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { TaskRow } from "../../../coordinator/ports/rows.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { startOwner } from "./owner.ts";
import { endRow, T0 } from "./rows.ts";

/** One flush of some tasks and ends, a new segment, or a look at what has expired by a time. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("flush" as const),
    // 0: never expires.
    expiries: fc.array(fc.nat({ max: 12 }), { maxLength: 4 }),
    later: fc.boolean(),
    ends: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("segment" as const) }),
  fc.record({ kind: fc.constant("look" as const), now: fc.nat({ max: 14 }), limit: fc.integer({ min: 1, max: 5 }) }),
);

export function expiryExam(openFresh: OpenFresh): void {
  describe("expiry", () => {
    test("whatever came and ended between two looks, a look gives every task whose expiry has come", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) =>
          onFresh(openFresh, async (fresh) => {
            const owner = await startOwner(fresh);
            const segs = [0, owner.seg];
            let open: TaskRow[] = [];
            for (const one of steps)
              if (one.kind === "segment") segs.push((await owner.openSegment()).seg);
              else if (one.kind === "flush") {
                const gone = new Set(one.ends.map((index) => open[index]).filter((task) => task !== undefined));
                const tasks = one.expiries.map((expiry) =>
                  owner.task({
                    expiresAt: expiry === 0 ? 0 : T0 + expiry,
                    ...(one.later ? { seg: 0, runAt: T0 + 100 } : {}),
                  }),
                );
                await owner.flush({ tasks, ends: [...gone].map((task) => endRow(task)) });
                open = [...open.filter((task) => !gone.has(task)), ...tasks];
              } else {
                const due = open.filter(({ expiresAt }) => expiresAt > 0 && expiresAt <= T0 + one.now);
                const found = await owner.store.recovery.expired(segs, T0 + one.now, one.limit);
                const times = due.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b);
                expect(found.map(({ expiresAt }) => expiresAt)).toEqual(times.slice(0, one.limit));
                for (const { shard, seq } of found)
                  expect(due.some((task) => task.shard === shard && task.seq === seq)).toBe(true);
              }
          })(),
        ),
        { numRuns: 12 },
      );
    });
  });
}
