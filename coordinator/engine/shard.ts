import { COUNTERS_PER_EPOCH, numberInEpoch } from "../kernel/task-ref.ts";
import type { LiveLock } from "./locks.ts";

/** One owned shard: the numbers it hands out and what it has counted. */
export class Shard {
  readonly shard: number;
  readonly epoch: number;
  flushNo = 0;
  #seq = 0;
  #ord = 0;
  /** Queues and lanes (by id) whose numbers the next flush row carries. */
  readonly touchedQueues = new Set<string>();
  readonly touchedLanes = new Set<number>();
  /** recovering: what it holds is being read. leaving: nothing new is decided in it, another is to take it. */
  phase: "recovering" | "serving" | "leaving" = "recovering";
  /** Something was committed since the last checkpoint. */
  dirty = false;
  readonly totals = new Map<string, QueueTotals>();
  /** Locks that somebody holds or waits for, by name. */
  readonly locks = new Map<string, LiveLock>();
  /** Tokens that were released lately, and asks (by lock, key and request id) that ended lately. */
  readonly releasedTokens = new Set<number>();
  readonly pastAsks = new Set<string>();

  constructor(shard: number, epoch: number) {
    this.shard = shard;
    this.epoch = epoch;
  }

  /** Newest seq that was handed out; every task of the shard has a lower or equal one. */
  get lastSeq(): number {
    return this.epoch * COUNTERS_PER_EPOCH + this.#seq;
  }

  nextSeq(): number {
    return numberInEpoch(this.epoch, ++this.#seq);
  }

  /** Order of events and fencing token in one: rises for ever. */
  nextOrd(): number {
    return numberInEpoch(this.epoch, ++this.#ord);
  }

  /** Newest token that was handed out; whoever holds a higher one has it from another owner. */
  get lastOrd(): number {
    return this.epoch * COUNTERS_PER_EPOCH + this.#ord;
  }

  totalsOf(queue: string): QueueTotals {
    let totals = this.totals.get(queue);
    if (totals === undefined) {
      totals = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0 };
      this.totals.set(queue, totals);
    }
    return totals;
  }
}

/** Tasks of a queue in a shard since the database was made. */
export interface QueueTotals {
  submitted: number;
  succeeded: number;
  failed: number;
  cancelled: number;
}
