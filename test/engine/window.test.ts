import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Window } from "../../coordinator/engine/window.ts";
import { headOf } from "../support/task-head.ts";

type Step = { readonly do: "push" | "pop" | "peek" } | { readonly do: "remove" | "page"; readonly which: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Step>({ do: "push" }) },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ do: "pop" }, { do: "peek" }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), which: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("page" as const), which: fc.nat(50) }) },
);

test("a window is a sorted array from which anything may be taken", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 300 }), (all) => {
      const window = new Window(0);
      let model: number[] = [];
      let next = 1;
      for (const step of all) {
        switch (step.do) {
          case "push":
            next += 1 + (next % 3);
            window.lastAssigned = next;
            window.push(headOf({ seq: next }));
            model.push(next);
            break;
          case "pop":
            expect(window.pop()?.seq).toBe(model.shift());
            break;
          case "peek":
            expect(window.peek()?.seq).toBe(model[0]);
            break;
          case "remove": {
            const seq = model[step.which] ?? step.which;
            expect(window.has(seq)).toBe(model.includes(seq));
            expect(window.remove(seq)?.seq).toBe(model.includes(seq) ? seq : undefined);
            model = model.filter((other) => other !== seq);
            break;
          }
          case "page": {
            const kept = model.slice(0, step.which);
            const dropped = window.page(step.which).map(({ seq }) => seq);
            expect(dropped).toEqual(model.slice(step.which));
            // What was dropped lies beyond the cursor, what was kept does not.
            if (dropped.length > 0) {
              expect(window.paged).toBe(true);
              expect(window.readCursor).toBeLessThan(dropped[0]!);
              expect(window.readCursor).toBeGreaterThanOrEqual(kept.at(-1) ?? 0);
            }
            model = kept;
            break;
          }
        }
        expect(window.count).toBe(model.length);
      }
      expect([...window.heads()].map(({ seq }) => seq)).toEqual(model);
    }),
    { numRuns: 500 },
  );
});

test("thousands of heads, taken from the front and out of the middle", () => {
  const window = new Window(0);
  for (let seq = 1; seq <= 20_000; seq++) window.push(headOf({ seq }));
  for (let seq = 3; seq <= 20_000; seq += 3) expect(window.remove(seq)?.seq).toBe(seq);
  const taken: number[] = [];
  for (let head = window.pop(); head !== null; head = window.pop()) {
    taken.push(head.seq);
    expect(window.has(head.seq)).toBe(false);
  }
  expect(taken).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1).filter((seq) => seq % 3 !== 0));
  expect(window.count).toBe(0);
});
