import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { creditDue, drain, emptySlots, free, offer, resume, take } from "../../sdk/typescript/worker/slots.ts";
import { createTurnstile } from "../../worker-agent/turnstile.ts";

test("every free slot is offered once", () => {
  let slots = emptySlots(3);
  expect(creditDue(slots)).toBe(3);
  slots = offer(slots, 3);
  expect(creditDue(slots)).toBe(0);
  slots = free(take(slots));
  expect(creditDue(slots)).toBe(1);
  expect(creditDue(drain(slots))).toBe(0);
  expect(creditDue(resume(drain(slots)))).toBe(1);
});

test("whatever happens, no more is offered and taken than there are slots, unless more is forced on it", () => {
  const step = fc.constantFrom("offer", "take", "free", "drain", "resume");
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (total, steps) => {
      let slots = emptySlots(total);
      for (const name of steps) {
        if (name === "offer") slots = offer(slots, creditDue(slots));
        if (name === "take" && slots.offered > 0) slots = take(slots);
        if (name === "free") slots = free(slots);
        if (name === "drain") slots = drain(slots);
        if (name === "resume") slots = resume(slots);
        expect(slots.taken + slots.offered).toBeLessThanOrEqual(total);
        expect(slots.taken).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("a turnstile lets the next one in by order, and forgets those who gave up", async () => {
  const turnstile = createTurnstile(1);
  const never = new AbortController().signal;
  const impatient = new AbortController();
  expect(await turnstile.enter(never)).toBe(true);
  const second = turnstile.enter(impatient.signal);
  const third = turnstile.enter(never);
  impatient.abort();
  expect(await second).toBe(false);
  turnstile.leave();
  expect(await third).toBe(true);
  turnstile.leave();
  expect(await turnstile.enter(impatient.signal)).toBe(false);
  expect(await turnstile.enter(never)).toBe(true);
});

test("who is inside already counts, also past the places there are", async () => {
  const turnstile = createTurnstile(1);
  turnstile.occupy();
  turnstile.occupy();
  let inside = false;
  const waiting = turnstile.enter(new AbortController().signal).then((passed) => {
    inside = passed;
  });
  turnstile.leave();
  await Promise.resolve();
  expect(inside).toBe(false);
  turnstile.leave();
  await waiting;
  expect(inside).toBe(true);
});
