import type { Clock } from "../../runtime/clock.ts";
import type { Timers } from "../../runtime/timers.ts";
import type { World } from "./world.ts";

/** Wall clock at the beginning of every history. */
const BEGAN = Date.UTC(2026, 5, 15, 12);

/** A process of the simulation: it can be killed and stopped between any two steps, and its wall clock can be set. */
export class SimProcess implements Clock, Timers {
  readonly name: string;
  readonly world: World;
  alive = true;
  /** Moment until which it is stopped; what comes meanwhile waits. */
  #stoppedUntil = 0;
  readonly #waiting: { readonly what: string; readonly run: () => void }[] = [];
  readonly #onDeath: (() => void)[] = [];
  readonly #wallMs: () => number;

  /** @param wallMs by how much the wall clock of its machine is off. */
  constructor(world: World, name: string, wallMs: () => number) {
    this.world = world;
    this.name = name;
    this.#wallMs = wallMs;
  }

  now(): number {
    return Math.floor(BEGAN + this.world.time + this.#wallMs());
  }

  /** The moment of the history at which the wall clock showed a time, if it was not set since. */
  momentOf(wallTime: number): number {
    return wallTime - BEGAN - this.#wallMs();
  }

  monotonic(): number {
    return this.world.time;
  }

  get stopped(): boolean {
    return this.world.time < this.#stoppedUntil;
  }

  stop(ms: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.world.time + ms);
    this.world.after(ms, `${this.name} goes on`, () => {
      if (!this.stopped) this.goOn();
    });
  }

  /** What has come meanwhile is done now, in the order in which it came. */
  goOn(): void {
    this.#stoppedUntil = 0;
    for (const [place, { what, run }] of this.#waiting.splice(0).entries()) this.step(place / 1_000, what, run);
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const follow of this.#onDeath.splice(0)) follow();
  }

  onDeath(follow: () => void): void {
    if (this.alive) this.#onDeath.push(follow);
    else follow();
  }

  /** Does something in the process after a while: later if it is stopped then, never if it is dead. */
  step(delay: number, what: string, run: () => void): void {
    this.world.after(delay, what, () => this.#enter(what, run));
  }

  #enter(what: string, run: () => void): void {
    if (!this.alive) return;
    if (this.stopped) this.#waiting.push({ what, run });
    else run();
  }

  after(ms: number, run: () => void): () => void {
    let off = false;
    // Timers of a busy machine come late, never early.
    const late = this.world.chance.odds(0.05) ? this.world.chance.between(0, 20) : 0;
    this.step(ms + late, `${this.name} timer`, () => {
      if (!off) run();
    });
    return () => {
      off = true;
    };
  }

  every(ms: number, run: () => void): () => void {
    let callOff = () => {};
    const again = () => {
      callOff = this.after(ms, () => {
        again();
        run();
      });
    };
    again();
    return () => callOff();
  }

  nextTurn(run: () => void): void {
    this.step(0, `${this.name} turn`, run);
  }
}
