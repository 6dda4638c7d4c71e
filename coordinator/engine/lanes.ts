import { type LaneKey, readLaneKey } from "../kernel/lane-key.ts";
import type { TaskHead } from "../ports/rows.ts";
import type { Item } from "./item.ts";
import { LaneLocks } from "./lane-locks.ts";
import type { QueueRoom } from "./queue-room.ts";
import { Window } from "./window.ts";

/** A lane as the owner has it: a window per shard, and what came back to its front. */
export class Lane {
  readonly id: number;
  readonly key: LaneKey;
  /** Retries that are due, released attempts, delayed tasks whose time has come: served before the windows. */
  readonly returned: Item[] = [];
  readonly #windows = new Map<number, Window>();
  /** Those with heads, and some that had: a queue may have been spread over every shard, and a lease looks at all of these. */
  readonly #filled: Window[] = [];
  /** Windows with tasks that are not in memory: in the store, or on their way there. */
  readonly behind = new Set<Window>();
  /** Tasks submitted and not ended, per shard, as committed. */
  readonly open = new Map<number, number>();
  /** Number of worker profiles that could serve it. */
  servedBy = 0;
  /** The limit of its queue; null: none. */
  room: QueueRoom | null = null;
  /** What its tasks must hold while they run; null: nothing. */
  readonly locks: LaneLocks | null;

  constructor(id: number, keyText: string) {
    this.id = id;
    this.key = readLaneKey(keyText);
    this.locks = this.key.locks.length === 0 ? null : new LaneLocks(this.key.locks);
  }

  window(shard: number): Window {
    let window = this.#windows.get(shard);
    if (window === undefined) {
      window = new Window(shard, this.#filled);
      this.#windows.set(shard, window);
    }
    return window;
  }

  findWindow(shard: number): Window | undefined {
    return this.#windows.get(shard);
  }

  /** The lane's tasks of a shard are another owner's from now on. */
  dropShard(shard: number): Window | undefined {
    const window = this.#windows.get(shard);
    this.#windows.delete(shard);
    this.open.delete(shard);
    if (window !== undefined) {
      this.behind.delete(window);
      const place = this.#filled.indexOf(window);
      if (place >= 0) this.#filled.splice(place, 1);
    }
    this.locks?.dropShard(shard);
    const kept = this.returned.filter((item) => item.head.shard !== shard);
    if (kept.length < this.returned.length) this.returned.splice(0, this.returned.length, ...kept);
    return window;
  }

  windows(): IterableIterator<Window> {
    return this.#windows.values();
  }

  /** Whether it has a task in memory that could be given out now. */
  get hasHead(): boolean {
    return this.returned.length > 0 || this.#oldest() !== null;
  }

  /** Whether it may give out a task now. */
  get isOpen(): boolean {
    if (this.room?.isFull) return false;
    return this.locks === null ? this.hasHead : this.locks.hasReady;
  }

  /** When the task that is next was created; lanes of one group are served oldest first. */
  nextCreatedAt(): number {
    const first = this.returned[0];
    if (first !== undefined) return first.head.createdAt;
    return this.#oldest()?.peek()?.createdAt ?? Number.POSITIVE_INFINITY;
  }

  /** The next task, removed: an item that came back, or a fresh head. */
  take(): Item | TaskHead | null {
    if (this.locks !== null) return this.#takeReady(this.locks);
    return this.returned.shift() ?? this.#oldest()?.pop() ?? null;
  }

  /** The next task that no locks are taken for yet. One that came back stays where it is; a head is removed. */
  takeUnclaimed(): Item | TaskHead | null {
    return this.returned.find((item) => this.locks?.has(item) !== true) ?? this.#oldest()?.pop() ?? null;
  }

  #takeReady(locks: LaneLocks): Item | null {
    const claim = locks.takeReady();
    if (claim === null) return null;
    const { item, held } = claim;
    this.returned.splice(this.returned.indexOf(item), 1);
    item.locks = held;
    return item;
  }

  /**
   * Windows are merged by age; their seqs say nothing across shards. Null also while an empty one that is behind may bring an
   * older task than all that are here.
   */
  #oldest(): Window | null {
    let best: Window | null = null;
    let bestHead: TaskHead | null = null;
    for (let place = this.#filled.length - 1; place >= 0; place--) {
      const window = this.#filled[place] as Window;
      const head = window.peek();
      if (head === null) {
        window.listed = false;
        this.#filled.splice(place, 1);
      } else if (bestHead === null || head.createdAt <= bestHead.createdAt) {
        best = window;
        bestHead = head;
      }
    }
    if (bestHead !== null && this.#mayBeOlder(bestHead.createdAt)) return null;
    return best;
  }

  #mayBeOlder(createdAt: number): boolean {
    for (const window of this.behind) if (window.count === 0 && window.readUpTo < createdAt) return true;
    return false;
  }
}
