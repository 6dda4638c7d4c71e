import { type Bulk, BulkAction, BulkPhase } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import type { Task } from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { abortableWait } from "../../../runtime/wait.ts";
import { committed } from "../../engine/committed.ts";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import type { OwnedShard } from "../../ports/store.ts";
import { countTasks, describeQueue } from "../describe-queues.ts";
import { describeTask } from "../describe-task.ts";
import { findTask } from "../find-task.ts";
import type { Caller, TaskOperations } from "../operations.ts";
import { actOnTasks, isPassing } from "./act-on-tasks.ts";
import { type BulkRecord, describeBulk, isActive } from "./bulk-record.ts";
import { CHUNK, chooseTasks, readFitting } from "./choose-tasks.ts";
import { saveRecord } from "./save-record.ts";

/** Rows that are counted at a time: other reads have their turn between. */
const COUNTED = 2_000;
const SAMPLES = 5;
const REASONS = 3;
/** Pause before what cannot be done just now is tried again, ms. */
const AGAIN_MS = 1_000;

export interface BulkParts {
  readonly state: EngineState;
  /** Under which this coordinator carries jobs out: a job is not written under an older epoch. */
  readonly owner: OwnedShard;
  /** Reach every task, whoever owns it. */
  readonly tasks: TaskOperations;
  /** The key as it is now. @throws Error why it may not go on. */
  readonly callerOf: (keyId: string) => Promise<Caller>;
  /** A job has come to its end, and was not stopped. */
  readonly onEnd: (record: BulkRecord) => void;
}

/**
 * One action on many tasks. It walks through what fits in the order of lists, newest first, piece by piece. Each piece is
 * noted before anything is done to it, together with what came of those before: whoever goes on, in this process or another,
 * does it again, which changes nothing and counts the same.
 */
export class BulkJob {
  record: BulkRecord;
  /** Settles when it does nothing more; until it runs, at once. */
  over: Promise<void> = Promise.resolve();
  readonly #parts: BulkParts;
  readonly #over = new AbortController();
  readonly #soon = new AbortController();
  #samples: readonly Task[] = [];
  #stopped = false;

  constructor(parts: BulkParts, record: BulkRecord) {
    this.#parts = parts;
    this.record = record;
  }

  describe(): Bulk {
    return describeBulk(this.record, this.#samples);
  }

  /** Counts; nothing is kept of it on disk. */
  async count(): Promise<void> {
    try {
      await (this.record.ids === null ? this.#countFitting() : this.#countNamed(this.record.ids));
      if (!this.#over.signal.aborted) this.#set({ phase: BulkPhase.READY });
    } catch (error) {
      if (!this.#over.signal.aborted) this.#set({ phase: BulkPhase.FAILED, problem: messageOf(error) });
    }
  }

  /** Resolves when it has ended, or was left off. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#over;
    const { clock } = this.#parts.state;
    const delay = Math.max(this.record.startsAt - clock.now(), 0);
    await abortableWait(delay, AbortSignal.any([signal, this.#soon.signal]));
    try {
      let going = !signal.aborted && (await this.#keep({ phase: BulkPhase.RUNNING }));
      while (going) {
        const begun = performance.now();
        going = (await this.#takePiece()) && (await this.#doPiece());
        if (going && this.#isThrough()) return await this.#end(BulkPhase.DONE, "");
        const { perSecond } = this.record;
        const due = perSecond === 0 ? 0 : (this.#size() / perSecond) * 1_000;
        going &&= await abortableWait(Math.max(due - (performance.now() - begun), 0), signal);
      }
    } catch (error) {
      if (!signal.aborted) await this.#end(BulkPhase.FAILED, messageOf(error)).catch(() => {});
    }
    if (this.#stopped && isActive(this.record))
      this.#set({ phase: BulkPhase.STOPPED, problem: "", piece: [], endedAt: clock.now() });
  }

  /** It waits for its begin no longer. */
  hurry(): void {
    this.#soon.abort();
  }

  /** It does nothing more, for good. */
  stop(): void {
    this.#stopped = true;
    this.#over.abort();
  }

  /** It does nothing more here; whoever carries jobs out next goes on. */
  leaveOff(): void {
    this.#over.abort();
  }

  async #countFitting(): Promise<void> {
    let cursor = "";
    const most = await this.#most();
    if (most === 0) return;
    do {
      const { total } = this.record;
      // The first page is described: some of it is shown.
      const described = cursor === "";
      const limit = Math.min(described ? CHUNK : COUNTED, most - total);
      const page = await this.#again(async () => {
        const { state, tasks, callerOf } = this.#parts;
        const caller = await callerOf(this.record.keyId);
        return readFitting(state, tasks, caller, this.record, { cursor, limit, described });
      });
      if (page === null) return;
      this.#samples = [...this.#samples, ...(page.described ?? [])].slice(0, SAMPLES);
      this.#set({ total: this.record.total + page.ids.length });
      cursor = page.nextCursor;
    } while (cursor !== "" && this.record.total < Math.min(most, LIMITS.bulkTasks));
    this.#set({ more: cursor !== "" && this.record.total < most });
  }

  /** How many there can be at most, by the counters: without it the walk for what waits would go through all that has ended. */
  async #most(): Promise<number> {
    const { action, filter } = this.record;
    const { status, queue, name, type, label } = filter;
    const bare = name === "" && type === "" && label.length === 0 && status.length === 2;
    if (action !== BulkAction.CANCEL || !bare) return Number.POSITIVE_INFINITY;
    const { state } = this.#parts;
    // What others own is not counted here.
    if (state.shards.serving.length < state.shards.count) return Number.POSITIVE_INFINITY;
    const counts = queue === "" ? countTasks(state) : describeQueue(state, queue).counts;
    // Ends that are counted are to be seen by the walk.
    await this.#again(() => committed(state));
    return Number(counts?.waiting ?? 0n) + Number(counts?.running ?? 0n);
  }

  async #countNamed(ids: readonly string[]): Promise<void> {
    const { state } = this.#parts;
    await reading(() => state.refresh());
    const found = await Promise.allSettled(ids.slice(0, SAMPLES).map((id) => findTask(state, id)));
    this.#samples = found.flatMap((one) =>
      one.status === "fulfilled" ? [describeTask(state, one.value, "summary")] : [],
    );
    this.#set({ total: ids.length });
  }

  /** False: it was told to do nothing more. */
  async #takePiece(): Promise<boolean> {
    if (this.record.piece.length > 0) return true;
    const chosen = await this.#again(async () => {
      const { state, tasks, callerOf } = this.#parts;
      return chooseTasks(state, tasks, await callerOf(this.record.keyId), this.record, this.#size());
    });
    if (chosen === null) return false;
    const { ids, nextCursor, over } = chosen;
    return this.#keep({ piece: ids, cursor: nextCursor, done: this.record.done + over, problem: "" });
  }

  /** False: it was told to do nothing more, and some of it is left. */
  async #doPiece(): Promise<boolean> {
    const { state, tasks, callerOf } = this.#parts;
    for (;;) {
      const { keyId, piece, done, changed, refused, reasons } = this.record;
      if (piece.length === 0) return true;
      const acted = await this.#again(async () => actOnTasks(state, tasks, await callerOf(keyId), this.record, piece));
      if (acted === null) return false;
      this.#set({
        piece: acted.later,
        done: done + piece.length - acted.later.length,
        changed: changed + acted.changed,
        refused: refused + acted.refusals.length,
        reasons: [...new Set([...reasons, ...acted.refusals])].slice(0, REASONS),
      });
      if (acted.later.length > 0 && !(await this.#pause(acted.problem))) return false;
    }
  }

  #isThrough(): boolean {
    const { ids, done, total, cursor } = this.record;
    // More than were counted there cannot be.
    return ids === null ? cursor === "" || done >= total : done >= ids.length;
  }

  #size(): number {
    const { perSecond } = this.record;
    return perSecond === 0 ? CHUNK : Math.min(perSecond, CHUNK);
  }

  /** Null: it was told to do nothing more. */
  async #again<T>(work: () => Promise<T>): Promise<T | null> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (!(await this.#pause(messageOf(error)))) return null;
      }
    }
  }

  async #pause(problem: string): Promise<boolean> {
    this.#set({ problem });
    return abortableWait(AGAIN_MS, this.#over.signal);
  }

  #set(change: Partial<BulkRecord>): void {
    this.record = { ...this.record, ...change };
  }

  /** False: it was told to do nothing more before it was written. */
  async #keep(change: Partial<BulkRecord>): Promise<boolean> {
    this.#set(change);
    const { state, owner } = this.#parts;
    const kept = await this.#again(async () => {
      await saveRecord(state, owner, this.record);
      return true;
    });
    return kept === true && !this.#over.signal.aborted;
  }

  async #end(phase: BulkPhase, problem: string): Promise<void> {
    const kept = await this.#keep({ phase, problem, piece: [], endedAt: this.#parts.state.clock.now() });
    if (kept) this.#parts.onEnd(this.record);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
