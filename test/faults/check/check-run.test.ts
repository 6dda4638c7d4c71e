import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkRun } from "./check-run.ts";
import { cleanRuns } from "./clean-run.ts";
import { factsOf } from "./facts.ts";
import { MUTATIONS } from "./mutations.ts";
import { RULES } from "./rules.ts";
import { USUAL, vacuous } from "./vacuity.ts";

describe("the checker", () => {
  test("finds nothing wrong with a run that is right", () => {
    fc.assert(fc.property(cleanRuns, (run) => expect(checkRun(run)).toEqual([])));
  });

  test.each(MUTATIONS)("$rule: $name", ({ rule, apply }) => {
    fc.assert(
      fc.property(cleanRuns, (run) => expect(checkRun(apply(run)).map((found) => found.rule)).toContain(rule)),
      { numRuns: 25 },
    );
  });

  test("every rule is broken by a mutation", () => {
    expect([...new Set(MUTATIONS.map(({ rule }) => rule))].sort()).toEqual(Object.keys(RULES).sort());
  });

  test("of one rule it says a handful, and how many more there are", () => {
    const [run] = fc.sample(cleanRuns, 1);
    const found = checkRun({ ...run!, final: [] }).filter(({ rule }) => rule === "S1");
    expect(found.length).toBeLessThanOrEqual(6);
    expect(found.at(-1)?.says).toMatch(/^… and \d+ more$/);
  });

  test("a start is not called needless where the machine stood still", () => {
    const [run] = fc.sample(cleanRuns, 1);
    const { terms } = run!;
    expect(checkRun({ ...run!, disturbed: [], terms: { ...terms, stalledMs: terms.leaseTtlMs } })).toEqual([]);
  });
});

describe("a run that shows nothing", () => {
  const [run] = fc.sample(cleanRuns, 1);
  const facts = factsOf(run!);
  const times = run!.ledger.map(({ t }) => t);
  const applied = (run!.ledger[0]?.t ?? 0) + 50_000;
  const least = Object.fromEntries(Object.keys(USUAL).map((name) => [name, 0])) as unknown as typeof USUAL;
  const middle = { applied: times[4]! + 1, healed: times[5]! + 1, bit: ["it was seen"] };

  test("counts when enough happened", () => expect(vacuous(facts, middle, least)).toEqual([]));

  test("is refused when the fault did not take effect", () =>
    expect(vacuous(facts, { ...middle, bit: [] }, least)).toEqual(["nothing shows that the fault took effect"]));

  test("is refused when too little happened before", () =>
    expect(vacuous(facts, { ...middle, applied: 0, healed: 0 }, { ...least, before: 1 })).toEqual([
      "submits acknowledged before the fault: 0 of at least 1",
      "commands ended before the fault: 0 of at least 1",
    ]));

  test.each([
    ["running", "commands running when the fault came"],
    ["during", "calls made while the fault lasted"],
    ["after", "submits acknowledged after the fault"],
    ["grants", "locks given"],
    ["extraStarts", "commands started again"],
  ])("is refused when there was too little of %s", (name, says) =>
    expect(vacuous(facts, { ...middle, applied }, { ...least, [name]: 1_000 })[0]).toMatch(says),
  );
});
