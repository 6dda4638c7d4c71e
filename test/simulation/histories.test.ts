import { expect, test } from "@jest/globals";
import { runHistory } from "./history.ts";
import { reportOf } from "./report.ts";

const LONG = process.env["TEST_LONG"] === "1";
/** How many histories are tried: a number, so that a slow machine tries what a fast one does; in the long run for how long. */
const HISTORIES = LONG ? Number.POSITIVE_INFINITY : 600;
const SECONDS = LONG ? 600 : Number.POSITIVE_INFINITY;
/** The same ones every time, so that a change is what breaks a rule; others every day in the long run. Which is said. */
const TODAY = Math.floor(Date.now() / 86_400_000) * 1_000_000;
const FIRST = Number(process.env["TSS_SIMULATION_SEED"] ?? (LONG ? TODAY : 1_000_000));

test("the same seed gives the same history, to the last step", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const [first, second] = [await runHistory(seed), await runHistory(seed)];
    expect(second).toEqual(first);
    expect(first.happened).toBeGreaterThan(50);
  }
});

test("another seed gives another history", async () => {
  const hashes = await Promise.all([1, 2, 3].map(async (seed) => (await runHistory(seed)).hash));
  expect(new Set(hashes).size).toBe(3);
});

test("no history breaks a rule", async () => {
  const endsAt = performance.now() + SECONDS * 1_000;
  const sum = { histories: 0, tasks: 0, runs: 0, coordinators: 0 };
  while (sum.histories < HISTORIES && performance.now() < endsAt) {
    const outcome = await runHistory(FIRST + sum.histories++);
    if (outcome.violation !== null) throw new Error(reportOf(outcome, 50));
    for (const key of ["tasks", "runs", "coordinators"] as const) sum[key] += outcome[key];
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Histories in which nothing happens would break no rule either.
  expect(sum.tasks).toBeGreaterThan(sum.histories);
  expect(sum.runs).toBeGreaterThan(sum.histories);
  expect(sum.coordinators).toBeGreaterThan(sum.histories * 2);
}, 660_000);
