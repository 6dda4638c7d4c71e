import { clone } from "@bufbuild/protobuf";
import { type Bulk, BulkAction, BulkPhase } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import type { Task } from "../../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { abortableWait } from "../../../runtime/wait.ts";
import { committed } from "../../engine/committed.ts";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import { timestampMs } from "../../kernel/time.ts";
import { countTasks, describeQueue } from "../describe-queues.ts";
import { describeTask } from "../describe-task.ts";
import { findTask } from "../find-task.ts";
import { listRows, listTasks } from "../list-tasks.ts";
import type { Caller } from "../operations.ts";
import { actOnTasks, isPassing } from "./act-on-tasks.ts";
import { type BulkRecord, describeBulk, isActive, writeRecord } from "./bulk-record.ts";

const CHUNK = 500;
/** Rows that are counted at a time: other reads have their turn between. */
const COUNTED = 2_000;
const SAMPLES = 5;
const REASONS = 3;
/** Pause before what cannot be done just now is tried again, ms. */
const AGAIN_MS = 1_000;

export interface BulkParts {
  readonly state: EngineState;
  /** This coordinator has every shard. With several of them no job is taken: it would stop at the shards of the others. */
  readonly alone: boolean;
  /** The key as it is now. @throws Error why it may not go on. */
  readonly callerOf: (keyId: string) => Caller;
  /** A job has come to its end, and was not stopped. */
  readonly onEnd: (record: BulkRecord) => void;
}

interface Page {
  readonly ids: readonly string[];
  readonly nextCursor: string;
  /** The tasks themselves, where they were read whole. */
  readonly described?: readonly Task[];
}

/**
 * One action on many tasks. It walks through what fits in the order of lists, newest first, and keeps its place after every
 * piece: begun anew, it goes on there. A piece that was done and not noted is done again, which changes nothing.
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
    const { state } = this.#parts;
    const delay = Math.max(this.record.startsAt - state.clock.now(), 0);
    await abortableWait(delay, AbortSignal.any([signal, this.#soon.signal]));
    try {
      if (!signal.aborted) await this.#keep({ phase: BulkPhase.RUNNING });
      while (!signal.aborted) {
        const begun = performance.now();
        const over = await this.#doPiece();
        if (over) return await this.#end(BulkPhase.DONE, "");
        const { perSecond } = this.record;
        const due = perSecond === 0 ? 0 : (this.#size() / perSecond) * 1_000;
        await abortableWait(Math.max(due - (performance.now() - begun), 0), signal);
      }
    } catch (error) {
      if (!signal.aborted) await this.#end(BulkPhase.FAILED, messageOf(error)).catch(() => {});
    }
    if (this.#stopped && isActive(this.record))
      this.#set({ phase: BulkPhase.STOPPED, problem: "", endedAt: state.clock.now() });
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

  /** It does nothing more in this process; the next one goes on. */
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
      const page = await this.#again(() =>
        this.#page(cursor, Math.min(cursor === "" ? CHUNK : COUNTED, most - total), cursor === ""),
      );
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
    const counts = queue === "" ? countTasks(state) : describeQueue(state, queue).counts;
    // Ends that are counted are to be seen by the walk.
    await this.#again(() => committed(state));
    return Number(counts?.waiting ?? 0n) + Number(counts?.running ?? 0n);
  }

  async #countNamed(ids: readonly string[]): Promise<void> {
    const { state } = this.#parts;
    const found = await Promise.allSettled(ids.slice(0, SAMPLES).map((id) => findTask(state, id)));
    this.#samples = found.flatMap((one) =>
      one.status === "fulfilled" ? [describeTask(state, one.value, "summary")] : [],
    );
    this.#set({ total: ids.length });
  }

  /** True: that was the last. */
  async #doPiece(): Promise<boolean> {
    const { state, callerOf } = this.#parts;
    const { action, id, keyId, done, ids, total } = this.record;
    const caller = callerOf(keyId);
    const page =
      ids === null
        ? await this.#again(() => this.#page(this.record.cursor, this.#size()))
        : { ids: ids.slice(done, done + this.#size()), nextCursor: "" };
    if (page === null) return false;
    const acted = { changed: 0, refusals: [] as string[] };
    for (let left = page.ids; left.length > 0; ) {
      const outcome = await actOnTasks(state, action, caller, left, id);
      acted.changed += outcome.changed;
      acted.refusals.push(...outcome.refusals);
      left = outcome.later;
      // What was done of the piece is done again when the next process takes it up, which changes nothing.
      if (left.length > 0 && !(await this.#pause(outcome.problem))) return false;
    }
    const now = done + page.ids.length;
    await this.#keep({
      done: now,
      cursor: page.nextCursor,
      problem: "",
      changed: this.record.changed + acted.changed,
      refused: this.record.refused + acted.refusals.length,
      reasons: [...new Set([...this.record.reasons, ...acted.refusals])].slice(0, REASONS),
    });
    if (ids !== null) return now >= ids.length;
    // More than were counted there cannot be.
    return page.nextCursor === "" || now >= total;
  }

  #size(): number {
    const { perSecond } = this.record;
    return perSecond === 0 ? CHUNK : Math.min(perSecond, CHUNK);
  }

  async #page(cursor: string, limit: number, described = false): Promise<Page> {
    const { state } = this.#parts;
    const { filter, action, createdAt } = this.record;
    const request = Object.assign(clone(ListTasksRequestSchema, filter), { cursor });
    // What ended after it was prepared was not meant.
    const isMeant = (endedAt: number) => action !== BulkAction.RETRY || endedAt <= createdAt;
    const bare = described ? null : await listRows(state, request, limit);
    if (bare !== null) {
      const meant = bare.rows.filter(({ end }) => isMeant(end?.at ?? 0));
      return { ids: meant.map(({ task }) => state.ids.encode(task)), nextCursor: bare.nextCursor };
    }
    const { tasks, nextCursor } = await listTasks(state, Object.assign(request, { limit: Math.min(limit, CHUNK) }));
    const meant = tasks.filter(({ endedAt }) => isMeant(endedAt === undefined ? 0 : timestampMs(endedAt)));
    return { ids: meant.map(({ id }) => id), nextCursor, described: meant };
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

  async #keep(change: Partial<BulkRecord>): Promise<void> {
    this.#set(change);
    const { id, createdAt } = this.record;
    const row = () => ({ id, createdAt, body: writeRecord(this.record) });
    await this.#again(() => reading(() => this.#parts.state.store.catalog.saveBulk(row())));
  }

  async #end(phase: BulkPhase, problem: string): Promise<void> {
    await this.#keep({ phase, problem, endedAt: this.#parts.state.clock.now() });
    this.#parts.onEnd(this.record);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
