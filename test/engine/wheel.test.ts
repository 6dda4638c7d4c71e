import { afterEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { type Timer, Wheel } from "../../coordinator/engine/wheel.ts";

const TICK_MS = 10;

afterEach(() => {
  jest.useRealTimers();
});

type Step =
  | { readonly do: "add"; readonly inMs: number }
  | { readonly do: "cancel"; readonly which: number }
  | { readonly do: "pass"; readonly ms: number }
  /** A timer that cancels another, or adds one, when it fires. */
  | { readonly do: "addCanceller"; readonly inMs: number; readonly which: number }
  | { readonly do: "addAdder"; readonly inMs: number; readonly thenMs: number };

/** From the past over each of the wheels' reaches: 2.56 s, 11 min, 47 h. */
const delays = fc.oneof(
  fc.integer({ min: -500, max: 3_000 }),
  fc.double({ min: 0, max: 60_000, noNaN: true }),
  fc.constantFrom(2_549, 2_550, 2_551, 2_559, 2_560, 2_561, 2_570, 655_359, 655_360, 655_361, 655_370),
  fc.integer({ min: 0, max: 1_500_000 }),
  fc.integer({ min: 0, max: 200_000_000 }),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), inMs: delays }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("addCanceller" as const), inMs: delays, which: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("addAdder" as const), inMs: delays, thenMs: delays }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.oneof(
        fc.double({ min: 0, max: 30, noNaN: true }),
        fc.integer({ min: 0, max: 5_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
      ),
    }),
  },
);

interface Known {
  readonly at: number;
  readonly addedAt: number;
  timer: Timer;
  gone: "fired" | "cancelled" | null;
}

/** The wheel beside a list that is looked through at every turn. */
class Model {
  now: number;
  readonly wheel: Wheel;
  readonly timers: Known[] = [];
  fired: number[] = [];

  constructor(start: number) {
    this.now = start;
    this.wheel = new Wheel({ now: () => this.now, monotonic: () => this.now });
  }

  add(inMs: number, then: () => void = () => {}): void {
    const known = { at: this.now + inMs, addedAt: this.now, gone: null } as unknown as Known;
    known.timer = this.wheel.add(known.at, () => {
      expect(known.gone).toBeNull();
      expect(this.now).toBeGreaterThanOrEqual(known.at);
      known.gone = "fired";
      this.fired.push(Math.max(known.at, known.addedAt));
      then();
    });
    this.timers.push(known);
  }

  cancel(which: number): void {
    const known = this.timers[which % Math.max(this.timers.length, 1)];
    if (known === undefined) return;
    this.wheel.cancel(known.timer);
    known.gone ??= "cancelled";
  }

  pass(ms: number): void {
    this.now += ms;
    this.fired = [];
    this.wheel.turn();
    // In the order of their times, up to the width of a tick.
    for (const [index, time] of this.fired.entries())
      expect(time).toBeGreaterThan((this.fired[index - 1] ?? Number.NEGATIVE_INFINITY) - 2 * TICK_MS);
    this.check();
  }

  check(): void {
    const left = this.timers.filter(({ gone }) => gone === null);
    expect(this.wheel.size).toBe(left.length);
    expect(this.wheel.held).toBeGreaterThanOrEqual(left.length);
    for (const { at, addedAt } of left) expect(Math.max(at, addedAt) + TICK_MS).toBeGreaterThan(this.now);
  }
}

test("fires each timer once, at its time or up to one tick later, as a sorted list would", () => {
  const starts = fc.double({ min: 0, max: 10_000_000, noNaN: true });
  fc.assert(
    fc.property(starts, fc.array(steps, { maxLength: 60 }), (start, all) => {
      const model = new Model(start);
      for (const step of all) {
        if (step.do === "add") model.add(step.inMs);
        else if (step.do === "cancel") model.cancel(step.which);
        else if (step.do === "addCanceller") model.add(step.inMs, () => model.cancel(step.which));
        else if (step.do === "addAdder") model.add(step.inMs, () => model.add(Math.max(step.thenMs, 0)));
        else model.pass(step.ms);
      }
      model.check();
      model.wheel.close();
    }),
    { numRuns: 300 },
  );
});

test("a timer beyond every wheel is kept, not fired early", () => {
  const model = new Model(0);
  model.add(400 * 86_400_000);
  model.add(1_000 * 86_400_000);
  model.pass(3_600_000);
  expect(model.fired).toEqual([]);
  expect(model.wheel.size).toBe(2);
  model.wheel.close();
});

test("its one alarm is never late by more than two ticks, and there is none when nothing waits", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3_000), fc.integer({ min: 0, max: 800_000 })), { maxLength: 20 }), (adds) => {
      jest.useFakeTimers({ now: 0 });
      const clock = { now: () => Date.now(), monotonic: () => Date.now() };
      const wheel = new Wheel(clock);
      const fired: number[] = [];
      const wanted: number[] = [];
      for (const [pause, inMs] of adds) {
        jest.advanceTimersByTime(pause);
        const at = clock.now() + inMs;
        wanted.push(at);
        wheel.add(at, () => {
          const late = clock.now() - at;
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThanOrEqual(2 * TICK_MS);
          fired.push(at);
        });
      }
      jest.advanceTimersByTime(900_000);
      expect(fired.sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
      expect(wheel.size).toBe(0);
      expect(jest.getTimerCount()).toBe(0);
      wheel.close();
    }),
    { numRuns: 50 },
  );
});

test("after its close nothing fires by itself", () => {
  jest.useFakeTimers({ now: 0 });
  const wheel = new Wheel({ now: () => Date.now(), monotonic: () => Date.now() });
  const fire = jest.fn();
  wheel.add(100, fire);
  wheel.close();
  wheel.add(50, fire);
  jest.advanceTimersByTime(10_000);
  expect(fire).not.toHaveBeenCalled();
  expect(jest.getTimerCount()).toBe(0);
});

test("deadlines that were never met do not pile up: what is cancelled takes no more room than what lives", () => {
  const model = new Model(0);
  const wheel = model.wheel;
  const living = Array.from({ length: 500 }, (_, index) => wheel.add(3_600_000 + index, () => {}));
  let most = 0;
  for (let count = 0; count < 100_000; count++) {
    wheel.cancel(wheel.add(3_600_000 + count, () => {}));
    if (count % 100 === 0) {
      model.now += 1;
      wheel.turn();
    }
    most = Math.max(most, wheel.held);
  }
  expect(most).toBeLessThanOrEqual(2_048);
  expect(wheel.size).toBe(living.length);
  for (const timer of living) wheel.cancel(timer);
  model.pass(4_000_000);
  expect(wheel.size).toBe(0);
  wheel.close();
});
