import { type Clock, systemClock } from "../../runtime/clock.ts";

/** The system's clocks, moved by a test: the wall clock as if somebody had set it, the monotonic one as after a sleep. */
export class MovedClock implements Clock {
  wallMs = 0;
  monotonicMs = 0;

  now(): number {
    return systemClock.now() + this.wallMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.monotonicMs;
  }
}
