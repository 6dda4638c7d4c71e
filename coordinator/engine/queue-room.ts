import type { Lane } from "./lanes.ts";

/**
 * The limit of a queue: attempts that may run at a time, counted from the decision to lease one until its end is decided or it
 * is given back. Lanes that a worker meets while there is no room are set aside, so that a full queue with many lanes costs
 * nothing to pass; as many come back as there is room for.
 */
export class QueueRoom {
  /** Of the whole queue. */
  readonly limit: number;
  /** What of it is this coordinator's; one of several has a part. */
  share: number;
  running = 0;
  readonly #aside = new Map<number, Set<Lane>>();

  /** @param limit at least 1. */
  constructor(limit: number, share: number = limit) {
    this.limit = limit;
    this.share = share;
  }

  /** Places that are free here; below 0 after the share was made smaller. */
  get free(): number {
    return this.share - this.running;
  }

  get isFull(): boolean {
    return this.running >= this.share;
  }

  setAside(lane: Lane): void {
    const { priority } = lane.key;
    const lanes = this.#aside.get(priority);
    if (lanes === undefined) this.#aside.set(priority, new Set([lane]));
    else lanes.add(lane);
  }

  hasAside(lane: Lane): boolean {
    return this.#aside.get(lane.key.priority)?.has(lane) ?? false;
  }

  /** The next lane that comes back: highest priority, then the longest aside. */
  takeBack(): Lane | null {
    if (this.#aside.size === 0) return null;
    const priority = Math.max(...this.#aside.keys());
    const lanes = this.#aside.get(priority) as Set<Lane>;
    const [lane] = lanes as unknown as [Lane];
    lanes.delete(lane);
    if (lanes.size === 0) this.#aside.delete(priority);
    return lane;
  }
}
