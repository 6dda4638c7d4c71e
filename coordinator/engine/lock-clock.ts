import type { Clock } from "../../runtime/clock.ts";
import { systemTimers, type Timers } from "../../runtime/timers.ts";

const EVERY_MS = 500;
/** A tick this much later than planned means that this process was away, not the holders. */
const LATE_MS = 1_000;

/**
 * The clock by which locks end. It stands still while no holder could have been heard: while this process was stopped or
 * starved, and while the database was away. So a lock that ends was not renewed for its whole term though it could have been.
 */
export class LockClock {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #isAway: () => boolean;
  #last: number;
  #stood = 0;
  #rest: () => void = () => {};

  constructor(clock: Clock, isAway: () => boolean, timers: Timers = systemTimers) {
    this.#clock = clock;
    this.#timers = timers;
    this.#isAway = isAway;
    this.#last = clock.monotonic();
  }

  start(): void {
    this.#rest = this.#timers.every(EVERY_MS, () => void this.now());
  }

  stop(): void {
    this.#rest();
  }

  /** Milliseconds; compares with itself alone. */
  now(): number {
    const now = this.#clock.monotonic();
    const passed = now - this.#last;
    this.#last = now;
    if (this.#isAway() || passed > EVERY_MS + LATE_MS) this.#stood += passed;
    return now - this.#stood;
  }

  /** How long to wait before a time may have come: a clock that stands still is not asked all the time. */
  waitUntil(time: number): number {
    const left = Math.max(time - this.now(), 0);
    return this.#isAway() ? Math.max(left, EVERY_MS) : left;
  }
}
