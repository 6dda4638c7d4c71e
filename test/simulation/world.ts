import { Chance } from "./chance.ts";
import { Trace } from "./trace.ts";

interface Coming {
  readonly at: number;
  /** Decides among those of one moment. */
  readonly tie: number;
  readonly order: number;
  readonly what: string;
  readonly run: () => void;
}

/** What a rule forbids has happened. */
export class Violation extends Error {
  readonly rule: string;
  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.name = "Violation";
    this.rule = rule;
  }
}

/**
 * Time and order of one history: everything that happens in it is carried out here, one thing after the other, at moments
 * that chance has drawn. Nothing waits for real time, and between two things every promise that can go on has gone on.
 */
export class World {
  readonly chance: Chance;
  readonly trace = new Trace();
  /** ms since the history began. */
  time = 0;
  happened = 0;
  readonly #heap: Coming[] = [];
  #order = 0;
  #violation: Error | null = null;

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  /** @param delay ms. @param what for the trace. */
  after(delay: number, what: string, run: () => void): void {
    const at = this.time + Math.max(delay, 0);
    push(this.#heap, { at, tie: this.chance.draw(), order: this.#order++, what, run });
  }

  sleep(ms: number, what: string): Promise<void> {
    return new Promise((resolve) => this.after(ms, what, resolve));
  }

  /** Ends the history; the first word counts. */
  fail(violation: Error): void {
    this.#violation ??= violation;
  }

  /** Says what happened beside the things that were planned. */
  note(what: string): void {
    this.trace.add(this.time, what);
  }

  /**
   * Goes on until the condition holds.
   * @returns false when time came to `limit` (ms since the beginning) or nothing is left to come.
   * @throws what was failed with.
   */
  async run(until: () => boolean, limit: number): Promise<boolean> {
    for (;;) {
      if (this.#violation !== null) throw this.#violation;
      if (until()) return true;
      const next = pop(this.#heap);
      if (next === undefined) return false;
      if (next.at > limit) {
        push(this.#heap, next);
        return false;
      }
      this.time = next.at;
      this.happened++;
      this.trace.add(next.at, next.what);
      next.run();
      await settled();
    }
  }
}

/** Node runs what waits for a tick only when every promise that could go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function isBefore(a: Coming, b: Coming): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}

function push(heap: Coming[], coming: Coming): void {
  let place = heap.length;
  heap.push(coming);
  while (place > 0) {
    const above = (place - 1) >> 1;
    if (!isBefore(coming, heap[above] as Coming)) break;
    heap[place] = heap[above] as Coming;
    place = above;
  }
  heap[place] = coming;
}

function pop(heap: Coming[]): Coming | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let place = 0;
  for (let below = 1; below < heap.length; below = 2 * place + 1) {
    if (below + 1 < heap.length && isBefore(heap[below + 1] as Coming, heap[below] as Coming)) below++;
    if (!isBefore(heap[below] as Coming, last)) break;
    heap[place] = heap[below] as Coming;
    place = below;
  }
  heap[place] = last;
  return first;
}
