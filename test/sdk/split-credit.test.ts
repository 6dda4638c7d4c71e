import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { splitCredit } from "../../sdk/typescript/worker/split-credit.ts";

const share = fc.record({ offered: fc.nat(50), hungry: fc.boolean() });
const shares = fc.array(share, { minLength: 1, maxLength: 6 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

test("a single coordinator is offered every free slot", () => {
  for (const hungry of [true, false]) expect(splitCredit([{ offered: 3, hungry }], 7)).toEqual([7]);
});

test("no slot is left idle, and beyond the free ones there is at most a single offer each", () => {
  fc.assert(
    fc.property(shares, fc.integer({ min: 1, max: 1_000 }), (given, open) => {
      const offers = splitCredit(given, open);
      expect(sum(offers)).toBeGreaterThanOrEqual(open);
      expect(sum(offers)).toBeLessThan(open + given.length);
      expect(Math.min(...offers)).toBeGreaterThanOrEqual(1);
    }),
  );
});

test("without a free slot nothing is offered", () => {
  fc.assert(fc.property(shares, (given) => expect(sum(splitCredit(given, 0))).toBe(0)));
});

test("the hungry share what the others do not use", () => {
  const [hungry, full] = [
    { offered: 0, hungry: true },
    { offered: 5, hungry: false },
  ];
  expect(splitCredit([hungry, full], 10)).toEqual([9, 1]);
  expect(splitCredit([hungry, full, hungry], 11)).toEqual([5, 1, 5]);
  expect(splitCredit([full, full], 10)).toEqual([5, 5]);
});
