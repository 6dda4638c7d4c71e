import { expect, test } from "@jest/globals";
import { shardOfKey } from "../../coordinator/engine/place.ts";

test("the shard of a key is what it always was", () => {
  const shards = (count: number) => ["", "a", "order-1", "k".repeat(128)].map((key) => shardOfKey(key, count));
  expect(shards(64)).toEqual([2, 18, 33, 13]);
  expect(shards(4)).toEqual([2, 2, 1, 1]);
});
