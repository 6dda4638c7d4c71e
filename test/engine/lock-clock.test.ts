import { expect, test } from "@jest/globals";
import { LockClock } from "../../coordinator/engine/lock-clock.ts";

function bench() {
  const time = { now: 0, isAway: false };
  const clock = new LockClock({ now: () => 0, monotonic: () => time.now }, () => time.isAway);
  const pass = (ms: number, stepMs = 500) => {
    for (let left = ms; left > 0; left -= stepMs) {
      time.now += Math.min(stepMs, left);
      clock.now();
    }
  };
  return { time, clock, pass };
}

test("it goes on while holders can be heard", () => {
  const { clock, pass } = bench();
  pass(10_000);
  expect(clock.now()).toBe(10_000);
});

test("it stands still while this process is stopped: who looks first after it finds no time passed", () => {
  const { time, clock, pass } = bench();
  pass(1_000);
  time.now += 60_000;
  expect(clock.now()).toBe(1_000);
  pass(1_000);
  expect(clock.now()).toBe(2_000);
});

test("it stands still while the database is away, and is not asked all the time then", () => {
  const { time, clock, pass } = bench();
  pass(1_000);
  time.isAway = true;
  pass(30_000);
  expect([clock.now(), clock.waitUntil(1_010), clock.waitUntil(900)]).toEqual([1_000, 500, 500]);
  time.isAway = false;
  expect([clock.waitUntil(1_010), clock.waitUntil(900)]).toEqual([10, 0]);
  pass(500);
  expect(clock.now()).toBe(1_500);
});
