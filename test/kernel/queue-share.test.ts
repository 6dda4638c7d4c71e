import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ALONE, shareOf } from "../../coordinator/kernel/queue-share.ts";

const sharesOf = (limit: number, count: number) =>
  Array.from({ length: count }, (_, index) => shareOf(limit, { index, count }));

test("the shares of a limit are the limit, as even as they can be, and nobody has none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 64 }), (limit, count) => {
      const shares = sharesOf(limit, count);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(Math.max(limit, count));
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

test("one alone has it all", () => {
  expect(shareOf(7, ALONE)).toBe(7);
  expect(sharesOf(7, 2)).toEqual([4, 3]);
});
