import { expect } from "@jest/globals";
import fc from "fast-check";
import { appendHead, dropMemory, noteAhead, takeInHand, takeOut } from "../../coordinator/engine/fill.ts";
import { ItemIndex } from "../../coordinator/engine/item-index.ts";
import { Lane } from "../../coordinator/engine/lanes.ts";
import { admitCommitted } from "../../coordinator/engine/place.ts";
import { considerRefill, noteCommitted } from "../../coordinator/engine/refill.ts";
import { SegmentMap } from "../../coordinator/engine/segments.ts";
import type { EngineState } from "../../coordinator/engine/state.ts";
import { writeLaneKey } from "../../coordinator/kernel/lane-key.ts";
import type { TaskHead } from "../../coordinator/ports/rows.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { systemTimers } from "../../runtime/timers.ts";
import { headOf } from "../support/task-head.ts";

/**
 * A lane that is far deeper than memory, between an owner that submits, leases, ends and cancels and a store whose reads see
 * one moment and answer at another: whatever their order, each task is given out once, in order, or was cancelled.
 */

export type Step =
  /** With a key: it, and what comes after it in its flush, takes its place when that is committed. */
  | { readonly do: "submit"; readonly count: number; readonly keyed: boolean }
  /** A flush is made: what was submitted takes its place, some is leased, what ended goes along. */
  | { readonly do: "make"; readonly leases: number }
  /** It is on the disk; then the owner learns of it. */
  | { readonly do: "land" | "commit" | "read" | "answer" | "rotate" | "leave" | "return" }
  | { readonly do: "end" | "cancel"; readonly which: number };

export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      count: fc.constantFrom(1, 5, 40, 100),
      keyed: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("make" as const), leases: fc.constantFrom(0, 1, 5, 20, 60) }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: "land" }) },
  { weight: 5, arbitrary: fc.constant<Step>({ do: "commit" }) },
  { weight: 5, arbitrary: fc.constant<Step>({ do: "read" }) },
  { weight: 5, arbitrary: fc.constant<Step>({ do: "answer" }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(1_000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("cancel" as const), which: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "rotate" }, { do: "leave" }, { do: "return" }) },
);

interface Row {
  readonly head: TaskHead;
  /** Numbers of the flushes that wrote the task and its end. */
  readonly written: number;
  ended: number;
}

interface Read {
  readonly seg: number;
  readonly after: number;
  readonly limit: number;
  seen: TaskHead[] | null;
  readonly answer: (heads: TaskHead[]) => void;
}

interface Batch {
  readonly number: number;
  readonly placed: readonly TaskHead[];
  readonly held: readonly TaskHead[];
  readonly ends: readonly TaskHead[];
  landed: boolean;
}

export class World {
  readonly rows = new Map<number, Row>();
  readonly lane = new Lane(1, writeLaneKey({ queue: "q", priority: 0, fairness: "", needs: NO_NEEDS, locks: [] }));
  readonly taken: number[] = [];
  readonly #given = new Set<number>();
  readonly cancelled = new Set<number>();
  readonly #reads: Read[] = [];
  readonly #running = new Map<number, TaskHead>();
  readonly #state: EngineState;
  #submitted: { readonly count: number; readonly keyed: boolean }[] = [];
  #nextSeq = 1;
  #ends: TaskHead[] = [];
  #batch: Batch | null = null;
  #generation = 1;

  constructor(memoryHeads: number) {
    const segments = new SegmentMap();
    segments.opened({ seg: 1, generation: 1, openedAt: 0, ranges: [{ shard: 0, fromSeq: 0 }] });
    this.lane.servedBy = 1;
    this.#state = {
      config: { memoryHeads, memoryBytes: 2 ** 40 },
      memory: { heads: 0, bytes: 0 },
      clock: { now: () => 1_000_000, monotonic: () => 0 },
      timers: systemTimers,
      stopped: null,
      flushCommitted: 0,
      flushMaking: 0,
      segments,
      items: new ItemIndex(),
      profiles: new Map(),
      listed: new Set(),
      queues: new Map(),
      logger: silentLogger,
      wake: () => {},
      store: { recovery: { refill: this.#refill } },
    } as unknown as EngineState;
  }

  readonly #refill = (seg: number, _shard: number, _lane: number, after: number, limit: number): Promise<TaskHead[]> =>
    new Promise((answer) => this.#reads.push({ seg, after, limit, seen: null, answer }));

  async step(step: Step): Promise<void> {
    const state = this.#state;
    switch (step.do) {
      case "submit":
        this.#submitted.push(step);
        break;
      case "make":
        if (this.#batch === null) this.#make(step.leases);
        break;
      case "land":
        this.#land();
        break;
      case "commit":
        this.#commit();
        break;
      case "read": {
        const read = this.#reads.find(({ seen }) => seen === null);
        if (read !== undefined) read.seen = this.#look(read);
        break;
      }
      case "answer": {
        const [read] = this.#reads;
        if (read?.seen == null) break;
        this.#reads.shift();
        read.answer(read.seen);
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        break;
      }
      case "end": {
        const heads = [...this.#running.values()];
        const head = heads[step.which % Math.max(heads.length, 1)];
        if (head === undefined) break;
        this.#running.delete(head.seq);
        this.#end(head);
        break;
      }
      case "cancel":
        this.#cancel(step.which);
        break;
      case "rotate": {
        if (this.#batch !== null) break;
        const seg = ++this.#generation;
        state.segments.opened({ seg, generation: seg, openedAt: 0, ranges: [{ shard: 0, fromSeq: this.#nextSeq }] });
        break;
      }
      case "leave":
        this.lane.servedBy = 0;
        break;
      case "return":
        this.lane.servedBy = 1;
        considerRefill(state, this.lane, 0);
        break;
    }
  }

  #make(leases: number): void {
    const state = this.#state;
    const number = ++state.flushMaking;
    const placed: TaskHead[] = [];
    const held: TaskHead[] = [];
    for (const { count, keyed } of this.#submitted.splice(0))
      for (let made = 0; made < count; made++) {
        const head = headOf({ seq: this.#nextSeq++, seg: state.segments.open.seg });
        placed.push(head);
        if (keyed || held.length > 0) {
          takeInHand(state, head, this.lane, "gated");
          held.push(head);
        } else appendHead(state, this.lane, head);
      }
    for (let count = 0; count < leases && this.lane.servedBy > 0; count++) {
      const head = this.lane.take() as TaskHead | null;
      if (head === null) break;
      expect(this.taken.at(-1) ?? 0).toBeLessThan(head.seq);
      expect(this.cancelled.has(head.seq)).toBe(false);
      this.taken.push(head.seq);
      this.#given.add(head.seq);
      dropMemory(state, head);
      takeInHand(state, head, this.lane, "running");
      considerRefill(state, this.lane, 0);
      this.#running.set(head.seq, head);
    }
    this.#batch = { number, placed, held, ends: this.#ends, landed: false };
    this.#ends = [];
  }

  #land(): void {
    const batch = this.#batch;
    if (batch === null || batch.landed) return;
    batch.landed = true;
    for (const head of batch.placed)
      this.rows.set(head.seq, { head, written: batch.number, ended: Number.POSITIVE_INFINITY });
    for (const { seq } of batch.ends) {
      const row = this.rows.get(seq);
      if (row !== undefined) row.ended = batch.number;
    }
  }

  #commit(): void {
    const state = this.#state;
    const batch = this.#batch;
    if (batch === null) return;
    this.#land();
    this.#batch = null;
    state.flushCommitted = batch.number;
    for (const { seq } of batch.placed.toReversed()) noteCommitted(state, this.lane, 0, seq);
    for (const head of batch.held) if (state.items.delete(head)) admitCommitted(state, this.lane, head);
    for (const head of batch.ends) state.items.delete(head);
  }

  #end(head: TaskHead): void {
    noteAhead(this.#state, this.lane, head);
    this.#ends.push(head);
  }

  /** Any task that waits: it may be in the window, or only in the store. */
  #cancel(which: number): void {
    const waiting = [...this.rows.values()].filter(
      ({ head, ended }) =>
        ended === Number.POSITIVE_INFINITY &&
        !this.cancelled.has(head.seq) &&
        !this.#state.items.has(head) &&
        !this.#given.has(head.seq),
    );
    const row = waiting[which % Math.max(waiting.length, 1)];
    if (row === undefined) return;
    takeOut(this.#state, this.lane, row.head);
    takeInHand(this.#state, row.head, this.lane, "ending");
    this.cancelled.add(row.head.seq);
    this.#end(row.head);
  }

  /** What a read that happens now sees. */
  #look({ seg, after, limit }: Read): TaskHead[] {
    const found: TaskHead[] = [];
    for (const { head, ended } of this.rows.values())
      if (head.seg === seg && head.seq > after && ended === Number.POSITIVE_INFINITY) found.push(head);
    return found.sort((a, b) => a.seq - b.seq).slice(0, limit);
  }

  /** Goes on without anything new until everything that waits has been given out. */
  async drain(): Promise<void> {
    if (this.lane.servedBy === 0) await this.step({ do: "return" });
    for (let idle = 0; idle < 20; idle++) {
      const before = this.taken.length;
      for (const step of [{ do: "make", leases: 1_000 }, { do: "commit" }, { do: "read" }, { do: "answer" }] as const)
        await this.step(step);
      while (this.#running.size > 0) await this.step({ do: "end", which: 0 });
      if (this.taken.length > before) idle = 0;
    }
  }

  get heads(): number {
    return this.#state.memory.heads;
  }

  get assigned(): number {
    return this.#nextSeq - 1;
  }
}

const NO_NEEDS = { type: "", selector: {}, resources: {} };

export async function play(world: World, all: readonly Step[]): Promise<void> {
  for (const step of all) await world.step(step);
}
