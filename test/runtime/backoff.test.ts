import { expect, test } from "@jest/globals";
import { backoffMs } from "../../runtime/backoff.ts";

const growing = { growth: "exponential", firstMs: 100, capMs: 1_000 } as const;

test("an exponential pause doubles up to its cap", () => {
  expect([1, 2, 3, 4, 5, 100].map((failures) => backoffMs(growing, failures, 0))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
});

test("a fixed pause stays, and never passes the cap", () => {
  expect([1, 2, 50].map((n) => backoffMs({ growth: "fixed", firstMs: 300, capMs: 1_000 }, n, 0))).toEqual([
    300, 300, 300,
  ]);
  expect(backoffMs({ growth: "fixed", firstMs: 3_000, capMs: 1_000 }, 1, 0)).toBe(1_000);
});

test("chance takes away at most the jitter's share", () => {
  const jittered = { ...growing, jitter: 0.5 };
  expect(backoffMs(jittered, 2, 0)).toBe(200);
  expect(backoffMs(jittered, 2, 0.5)).toBe(150);
  expect(backoffMs(jittered, 2, 0.999999)).toBe(100);
});

test("so many failures that the power overflows still give the cap", () => {
  expect(backoffMs({ ...growing, factor: 10 }, 1_000_000, 0)).toBe(1_000);
});
