import type { TaskHead } from "../ports/rows.ts";

/** What a head costs beside its spec, in bytes: the object, its numbers, a name and its place in the array. */
const HEAD_BYTES = 380;

/** Newest heads a paged window remembers: about two flushes. */
const TAIL_HEADS = 3_000;

export function headBytes(head: TaskHead): number {
  return HEAD_BYTES + head.spec.length;
}

/**
 * The waiting tasks of one lane in one shard, as far as they are in memory, in seq order.
 *
 * Direct: everything that waits is here. Paged: the tail is only in the store; what lies beyond `readCursor` is read back
 * by keyset when the window runs low. A window becomes direct again only when `readCursor` has reached the last seq that was
 * assigned, so that no task is skipped and none is read twice.
 */
export class Window {
  readonly shard: number;
  /** Sorted by seq. Places before `#first` have been taken. */
  #heads: (TaskHead | null)[] = [];
  #first = 0;
  #count = 0;
  paged = false;
  /** Paged: every seq up to here has been read. */
  readCursor = 0;
  /** Newest seq of this lane in this shard that was assigned. */
  lastAssigned = 0;
  /** The newest of them that is committed. */
  lastCommitted = 0;
  refilling = false;
  /** When the newest head that came into the window was created: what is read after it is hardly older. */
  readUpTo = 0;
  /**
   * Tasks beyond `readCursor` that ended, moved or were taken in hand while they were not in the window: seq → number of the
   * flush that writes it. A refill that began before that flush was committed would bring them back.
   */
  readonly takenAhead = new Map<number, number>();

  /**
   * Paged: the newest heads, every one that was assigned after `tailFrom`. A refill that has read up to there joins them to the
   * window, which is direct again: without them, a lane under steady load would be read back for ever, one flush behind.
   */
  #tail: TaskHead[] = [];
  #tailFrom = 0;

  /** Windows of the lane that may have heads. */
  readonly #filled: Window[];
  /** Whether it is among them; whoever finds it empty takes it out. */
  listed = false;

  constructor(shard: number, filled: Window[] = []) {
    this.shard = shard;
    this.#filled = filled;
  }

  get count(): number {
    return this.#count;
  }

  /** From here on the window is paged; `seq` is the first that is not in it. */
  startPaging(seq: number): void {
    this.paged = true;
    this.readCursor = seq - 1;
    this.#tail = [];
    this.#tailFrom = seq - 1;
  }

  /** After a restart: what waits lies beyond `cursor`, and nothing beyond `end` was handed out. */
  resume(cursor: number, end: number): void {
    this.startPaging(cursor + 1);
    this.#tailFrom = end;
    this.lastAssigned = end;
    this.lastCommitted = end;
  }

  /** Heads that are in memory: those in the window and those of the tail. */
  get held(): number {
    return this.#count + this.#tail.length;
  }

  /**
   * Paged: a newly assigned head. @param keep false: there is no room, or nobody needs it soon.
   * @returns null when it is kept, else the tail before it, which is dropped.
   */
  noteTail(head: TaskHead, keep: boolean): readonly TaskHead[] | null {
    if (keep && this.#tail.length < TAIL_HEADS) {
      this.#tail.push(head);
      return null;
    }
    const dropped = this.#tail;
    this.#tail = [];
    this.#tailFrom = head.seq;
    return dropped;
  }

  /** @returns what is dropped. */
  forgetTail(seq: number): readonly TaskHead[] {
    const dropped = this.#tail.filter((head) => head.seq === seq);
    if (dropped.length > 0) this.#tail = this.#tail.filter((head) => head.seq !== seq);
    return dropped;
  }

  /** After a refill has read to the end: the tail joins the window, if it is whole; then the window is direct. */
  joinTail(): { readonly joined: readonly TaskHead[]; readonly dropped: readonly TaskHead[] } | null {
    if (this.readCursor < this.#tailFrom) return null;
    const joins = (head: TaskHead) => head.seq > this.readCursor && !this.takenAhead.has(head.seq);
    const joined = this.#tail.filter(joins);
    const dropped = this.#tail.filter((head) => !joins(head));
    this.paged = false;
    this.#tail = [];
    this.takenAhead.clear();
    for (const head of joined) this.push(head);
    return { joined, dropped };
  }

  peek(): TaskHead | null {
    while (this.#first < this.#heads.length) {
      const head = this.#heads[this.#first];
      if (head != null) return head;
      this.#first++;
    }
    this.#heads = [];
    this.#first = 0;
    return null;
  }

  pop(): TaskHead | null {
    const head = this.peek();
    if (head === null) return null;
    this.#heads[this.#first++] = null;
    this.#count--;
    if (this.#first > 1024 && this.#first * 2 > this.#heads.length) {
      this.#heads = this.#heads.slice(this.#first);
      this.#first = 0;
    }
    return head;
  }

  /** @param head its seq is above every other in the window. */
  push(head: TaskHead): void {
    this.readUpTo = head.createdAt;
    this.#heads.push(head);
    this.#count++;
    this.#list();
  }

  /** Puts one where its seq belongs, which is mostly near the end. */
  insert(head: TaskHead): void {
    let place = this.#heads.length;
    while (place > this.#first && (this.#heads[place - 1]?.seq ?? head.seq) >= head.seq) place--;
    this.#heads.splice(place, 0, head);
    this.#count++;
    this.#list();
  }

  /** Takes one out of the middle; null when it is not here. */
  remove(seq: number): TaskHead | null {
    const place = this.#find(seq);
    if (place < 0) return null;
    const head = this.#heads[place] as TaskHead;
    this.#heads[place] = null;
    this.#count--;
    return head;
  }

  has(seq: number): boolean {
    return this.#find(seq) >= 0;
  }

  /** Drops all beyond the first `keep`, to be read back later; returns what was dropped. */
  page(keep: number): TaskHead[] {
    const heads = this.#heads.slice(this.#first).filter((head) => head !== null);
    const dropped = heads.slice(keep);
    const last = heads[keep - 1];
    this.#heads = heads.slice(0, keep);
    this.#first = 0;
    this.#count = this.#heads.length;
    if (dropped.length > 0) {
      this.startPaging((last?.seq ?? (dropped[0] as TaskHead).seq - 1) + 1);
      this.#tailFrom = this.lastAssigned;
    }
    return dropped;
  }

  /** What is in it, in order. */
  *heads(): IterableIterator<TaskHead> {
    for (let place = this.#first; place < this.#heads.length; place++) {
      const head = this.#heads[place];
      if (head != null) yield head;
    }
  }

  /** Every head in memory: the window's and the tail's. */
  *inMemory(): IterableIterator<TaskHead> {
    yield* this.heads();
    yield* this.#tail;
  }

  /** The lane looks here for heads. */
  #list(): void {
    if (this.listed) return;
    this.listed = true;
    this.#filled.push(this);
  }

  /** Binary search; a removed place keeps no seq, so its neighbours are asked. */
  #find(seq: number): number {
    let low = this.#first;
    let high = this.#heads.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      let place = middle;
      while (place >= low && this.#heads[place] == null) place--;
      if (place < low) {
        low = middle + 1;
        continue;
      }
      const found = (this.#heads[place] as TaskHead).seq;
      if (found === seq) return place;
      if (found < seq) low = middle + 1;
      else high = place - 1;
    }
    return -1;
  }
}
