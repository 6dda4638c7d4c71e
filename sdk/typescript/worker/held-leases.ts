import type { HandlerAttempt } from "./handler-attempt.ts";
import type { HandlerReport } from "./handler-report.ts";

/** An attempt that runs here, or whose report is not acknowledged. */
export interface Held {
  readonly id: string;
  readonly token: number;
  attempt?: HandlerAttempt | undefined;
  report?: HandlerReport;
  /** An older attempt of the same task that is not over here. */
  older?: Held;
}

/** What a worker holds, by task; of one task as a rule one attempt. */
export class HeldLeases {
  readonly #newest = new Map<string, Held>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string, token: number): Held | undefined {
    let held = this.#newest.get(id);
    while (held !== undefined && held.token !== token) held = held.older;
    return held;
  }

  /** @param held must not be here already. */
  add(held: Held): void {
    const older = this.#newest.get(held.id);
    if (older !== undefined) held.older = older;
    this.#newest.set(held.id, held);
    this.#size++;
  }

  delete(held: Held): void {
    const newest = this.#newest.get(held.id);
    if (newest === undefined) return;
    if (newest === held) {
      if (held.older === undefined) this.#newest.delete(held.id);
      else this.#newest.set(held.id, held.older);
      this.#size--;
      return;
    }
    for (let one = newest; one.older !== undefined; one = one.older)
      if (one.older === held) {
        if (held.older === undefined) delete one.older;
        else one.older = held.older;
        this.#size--;
        return;
      }
  }

  *[Symbol.iterator](): IterableIterator<Held> {
    for (const newest of [...this.#newest.values()])
      for (let held: Held | undefined = newest; held !== undefined; held = held.older) yield held;
  }
}
