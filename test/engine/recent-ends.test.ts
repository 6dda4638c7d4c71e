import { expect, test } from "@jest/globals";
import { RecentEnds } from "../../coordinator/engine/recent-ends.ts";
import { numberInEpoch } from "../../coordinator/kernel/task-ref.ts";

/** Shards whose counters run side by side, over two epochs: every chain of the hash is shared by many. */
function endOf(index: number): { shard: number; lane: number; seq: number } {
  const shard = index % 7;
  const epoch = index < 60_000 ? 1 : 2;
  return { shard, lane: 1 + (index % 3), seq: numberInEpoch(epoch, Math.floor(index / 7)) };
}

test("the last 32 768 ends are known by their tokens, and none before them", () => {
  const ends = new RecentEnds();
  const count = 100_000;
  for (let index = 0; index < count; index++) {
    ends.add(endOf(index), index);
    if (index % 997 !== 0) continue;
    const oldest = Math.max(0, index - 32_767);
    for (const known of [oldest, (oldest + index) >> 1, index]) expect(ends.get(endOf(known))).toBe(known);
    if (oldest > 0) expect(ends.has(endOf(oldest - 1))).toBe(false);
  }
  const known = Array.from({ length: count }, (_, index) => index).filter((index) => ends.has(endOf(index)));
  expect([known.length, known[0], known.at(-1)]).toEqual([32_768, count - 32_768, count - 1]);
});

test("another lane, shard or seq is another task", () => {
  const ends = new RecentEnds();
  ends.add({ shard: 1, lane: 2, seq: 3 }, 9);
  expect(ends.get({ shard: 1, lane: 2, seq: 3 })).toBe(9);
  expect(ends.get({ shard: 1, lane: 3, seq: 3 })).toBeUndefined();
  expect(ends.get({ shard: 2, lane: 2, seq: 3 })).toBeUndefined();
  expect(ends.get({ shard: 1, lane: 2, seq: 3 + 32_768 })).toBeUndefined();
});
