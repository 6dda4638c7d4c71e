import type { Clock } from "../../runtime/clock.ts";
import { systemTimers, type Timers } from "../../runtime/timers.ts";

/**
 * A hierarchical timing wheel: four wheels of 256 slots of 10 ms, 2.56 s, 11 min and 47 h. Adding, cancelling and firing
 * cost O(1) each, and one timer of the process serves them all. A timer fires at its time or up to one tick later, never before.
 */
export interface Timer {
  /** Monotonic ms; readonly for others than the wheel. */
  at: number;
  fire: (() => void) | null;
}

const TICK_MS = 10;
const SLOTS = 256;
const LEVELS = 4;

/** Cancelled timers that may stay in their slots, beside as many as there are living ones. */
const DEAD = 1_024;

export class Wheel {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #levels: (Timer[] | undefined)[][] = Array.from({ length: LEVELS }, () => new Array(SLOTS));
  /** Every slot before this tick has fired. */
  #tick: number;
  #count = 0;
  /** Cancelled timers still in a slot. */
  #dead = 0;
  #unwind: () => void = () => {};
  #alarmAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, timers: Timers = systemTimers) {
    this.#clock = clock;
    this.#timers = timers;
    this.#tick = Math.floor(clock.monotonic() / TICK_MS);
  }

  /** Timers that have neither fired nor been cancelled. */
  get size(): number {
    return this.#count;
  }

  /** Timers in memory: those and cancelled ones not swept yet. */
  get held(): number {
    return this.#count + this.#dead;
  }

  /** @param at monotonic ms; a time in the past fires at the next tick. */
  add(at: number, fire: () => void): Timer {
    if (this.#count === 0) this.#tick = Math.max(this.#tick, Math.floor(this.#clock.monotonic() / TICK_MS));
    const timer: Timer = { at, fire };
    this.#count++;
    this.#place(timer);
    this.#wind(Math.max(at, this.#clock.monotonic()));
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.fire === null) return;
    timer.fire = null;
    this.#count--;
    this.#dead++;
    // Most timers are deadlines that are never met: left alone, they would stay for as long as the deadline is.
    if (this.#dead > DEAD && this.#dead > this.#count) this.#sweep();
  }

  #sweep(): void {
    for (const wheel of this.#levels)
      for (const [slot, timers] of wheel.entries()) {
        if (timers === undefined) continue;
        const living = timers.filter((timer) => timer.fire !== null);
        this.#dead -= timers.length - living.length;
        wheel[slot] = living.length === 0 ? undefined : living;
      }
  }

  /** Fires everything that is due; the alarm calls it, and so may a test with a clock of its own. */
  turn(): void {
    const target = Math.floor(this.#clock.monotonic() / TICK_MS);
    while (this.#tick < target && this.#count > 0) {
      this.#tick++;
      this.#cascade();
      const slot = this.#tick % SLOTS;
      const due = this.#levels[0]?.[slot];
      if (due === undefined) continue;
      (this.#levels[0] as (Timer[] | undefined)[])[slot] = undefined;
      for (const timer of due) {
        const fire = timer.fire;
        if (fire === null) {
          this.#dead--;
          continue;
        }
        timer.fire = null;
        this.#count--;
        fire();
      }
    }
    if (this.#count === 0) this.#tick = Math.max(this.#tick, target);
  }

  close(): void {
    this.#closed = true;
    this.#unwind();
  }

  /** @param earliest first tick that has not fired yet. */
  #place(timer: Timer, earliest = this.#tick + 1): void {
    const due = Math.max(Math.ceil(timer.at / TICK_MS), earliest);
    const ahead = due - this.#tick;
    let level = 0;
    let span = SLOTS;
    while (level < LEVELS - 1 && ahead >= span) {
      level++;
      span *= SLOTS;
    }
    // Beyond the last wheel's reach: parked in its farthest slot and placed again from there.
    const tick = ahead >= span ? this.#tick + span - 1 : due;
    const wheel = this.#levels[level] as (Timer[] | undefined)[];
    const slot = Math.floor(tick / SLOTS ** level) % SLOTS;
    const timers = wheel[slot];
    if (timers === undefined) wheel[slot] = [timer];
    else timers.push(timer);
  }

  /** When a lower wheel has come round, the next slot of the one above is spread over it. */
  #cascade(): void {
    let tick = this.#tick;
    for (let level = 1; level < LEVELS && tick % SLOTS === 0; level++) {
      tick = Math.floor(tick / SLOTS);
      const wheel = this.#levels[level] as (Timer[] | undefined)[];
      const timers = wheel[tick % SLOTS];
      if (timers === undefined) continue;
      wheel[tick % SLOTS] = undefined;
      // A timer due at this very tick goes to the slot that is about to fire.
      for (const timer of timers) {
        if (timer.fire !== null) this.#place(timer, this.#tick);
        else this.#dead--;
      }
    }
  }

  #wind(at: number): void {
    if (this.#closed || at >= this.#alarmAt) return;
    this.#unwind();
    this.#alarmAt = at;
    const wait = Math.min(Math.max(at - this.#clock.monotonic(), 0) + TICK_MS, 60_000);
    this.#unwind = this.#timers.after(wait, () => {
      this.#alarmAt = Number.POSITIVE_INFINITY;
      this.turn();
      const next = this.#next();
      if (next !== null) this.#wind(next);
    });
  }

  /** Monotonic ms of the next slot with anything in it, seen from the lowest wheel; an upper bound above it. */
  #next(): number | null {
    if (this.#count === 0) return null;
    for (let step = 1; step < SLOTS; step++) {
      if (this.#levels[0]?.[(this.#tick + step) % SLOTS] !== undefined) return (this.#tick + step) * TICK_MS;
      if ((this.#tick + step) % SLOTS === 0) return (this.#tick + step) * TICK_MS;
    }
    return (this.#tick + SLOTS) * TICK_MS;
  }
}
