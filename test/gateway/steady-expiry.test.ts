import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { steadyExpiry } from "../../gateway/live/steady-expiry.ts";
import { LockSchema } from "../../proto/gen/tss/v1/lock_service_pb.js";

/** What listeners are told of a lock's end, read again and again. */
function reader() {
  const settle = steadyExpiry();
  return (...ends: readonly (readonly [bigint, number])[]) => {
    const lock = create(LockSchema, {
      holders: ends.map(([token, ms]) => ({ token, expiresAt: timestampFromMs(ms) })),
    });
    settle([lock]);
    return lock.holders.map(({ expiresAt }) => expiresAt && timestampMs(expiresAt));
  };
}

test("an end that wavers is told as it was before", () => {
  const read = reader();
  expect(read([1n, 10_000])).toEqual([10_000]);
  expect(read([1n, 10_001])).toEqual([10_000]);
  expect(read([1n, 9_999])).toEqual([10_000]);
});

test("one that was renewed is told anew, each holder's for itself, and one that drifts is not left behind", () => {
  const read = reader();
  read([1n, 10_000], [2n, 10_000]);
  expect(read([1n, 13_000], [2n, 10_001])).toEqual([13_000, 10_000]);
  expect(read([2n, 10_150], [3n, 9_999])).toEqual([10_000, 9_999]);
  expect(read([2n, 10_300], [3n, 9_999])).toEqual([10_300, 9_999]);
});

test("a holder without an end stays so", () => {
  const settle = steadyExpiry();
  const lock = create(LockSchema, { holders: [{ token: 1n }] });
  settle([lock]);
  expect(lock.holders[0]?.expiresAt).toBeUndefined();
});
