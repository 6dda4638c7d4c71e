import { fromBinary } from "@bufbuild/protobuf";
import { refKey, type TaskRef } from "../../coordinator/kernel/task-ref.ts";
import { type EndRow, EVENT, type EventRow, type TaskRow } from "../../coordinator/ports/rows.ts";
import type { FlushBatch, FlushResult } from "../../coordinator/ports/store.ts";
import { AttemptSchema, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { LockJournal } from "./lock-journal.ts";
import { Violation } from "./world.ts";

/** A task as the commits have made it; it stays when retention has taken it from the database. */
export interface Written {
  readonly task: TaskRow;
  readonly events: EventRow[];
  end: EndRow | null;
  attempts: number;
  /** The attempt that runs; null: none does. */
  running: EventRow | null;
  cancelRequested: boolean;
  /** When the next attempt may start, ms since 1970. */
  nextAt: number;
}

/** Who has committed, and what it may say of its workers. */
export interface Committer {
  readonly name: string;
  /** Throws when the attempt could not be taken for lost at that time of the wall clock. */
  checkLost(task: TaskRef, token: number, at: number): void;
}

/**
 * Every commit in its order, held against the rules that no fault excuses: who writes owns, numbers rise, a task moves as
 * docs/states.md says, and nothing happens to it after its end.
 */
export class Journal {
  readonly tasks = new Map<string, Written>();
  readonly byName = new Map<string, Written>();
  readonly totals = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0 };
  readonly locks = new LockJournal();
  commits = 0;
  readonly #flushes = new Map<number, { epoch: number; flushNo: number }>();
  readonly #seqs = new Map<number, number>();
  readonly #tokens = new Map<number, number>();
  /** The wall clock is set in this history: what depends on it is not looked at. */
  readonly #clockSteps: boolean;

  constructor(clockSteps: boolean) {
    this.#clockSteps = clockSteps;
  }

  commit(batch: FlushBatch, result: FlushResult, by: Committer): void {
    this.commits++;
    for (const { shard, epoch, flushNo, body } of batch.shards) {
      this.locks.commit(body);
      const last = this.#flushes.get(shard) ?? { epoch: 0, flushNo: 0 };
      if (epoch < last.epoch)
        throw new Violation("fence", `${by.name} wrote shard ${shard} under epoch ${epoch} after ${last.epoch}`);
      if (flushNo !== (epoch === last.epoch ? last.flushNo : 0) + 1)
        throw new Violation(
          "flush-order",
          `shard ${shard}: flush ${epoch}/${flushNo} after ${last.epoch}/${last.flushNo}`,
        );
      this.#flushes.set(shard, { epoch, flushNo });
    }
    for (const [index, row] of batch.tasks.entries()) {
      const key = batch.taskKeys[index] ?? -1;
      if (key < 0 || result.keys[key] === null) this.#submitted(row);
    }
    for (const row of batch.events) this.#happened(row, by);
    for (const [index, row] of batch.ends.entries()) if (!result.lostEnds.includes(index)) this.#ended(row, by);
  }

  /** Everything that was written has ended. */
  get isOver(): boolean {
    const { submitted, succeeded, failed, cancelled } = this.totals;
    return submitted === succeeded + failed + cancelled;
  }

  get unfinished(): readonly string[] {
    return [...this.tasks.values()]
      .filter(({ end }) => end === null)
      .map(({ task }) => `${task.name} (${refKey(task)})`);
  }

  #submitted(row: TaskRow): void {
    if (row.seq <= (this.#seqs.get(row.shard) ?? 0))
      throw new Violation("numbers-rise", `task ${refKey(row)} comes after ${this.#seqs.get(row.shard)}`);
    this.#seqs.set(row.shard, row.seq);
    const nothing = { end: null, attempts: 0, running: null, cancelRequested: false, nextAt: row.runAt };
    const written: Written = { task: { ...row }, events: [], ...nothing };
    if (row.retryOf === "") {
      if (this.byName.has(row.name)) throw new Violation("once", `the task ${row.name} was written twice`);
      this.byName.set(row.name, written);
    }
    this.tasks.set(refKey(row), written);
    this.totals.submitted++;
  }

  #happened(row: EventRow, by: Committer): void {
    const written = this.#find(row);
    const { task } = written;
    written.events.push({ ...row });
    if (row.kind === EVENT.retriedAs) return;
    const refuse = (rule: string, why: string): never => {
      throw new Violation(rule, `${task.name} (${refKey(row)}), event ${row.kind} of attempt ${row.attempt}: ${why}`);
    };
    if (written.end !== null) refuse("end-is-end", "it has ended");
    switch (row.kind) {
      case EVENT.leased:
        if (written.running !== null) refuse("one-lease", "an attempt runs already");
        if (written.cancelRequested) refuse("cancel", "it was cancelled");
        if (row.attempt !== written.attempts + 1) refuse("attempts", `${written.attempts} were counted`);
        if (row.attempt > task.maxAttempts) refuse("attempts", `it may have ${task.maxAttempts}`);
        if (row.ord <= (this.#tokens.get(row.shard) ?? 0)) refuse("token", "its token is not the highest");
        if (!this.#clockSteps && row.at < written.nextAt)
          refuse("early", `it may start ${written.nextAt - row.at} ms later`);
        this.#tokens.set(row.shard, row.ord);
        written.attempts = row.attempt;
        written.running = { ...row };
        break;
      case EVENT.retrying:
        if (written.running?.attempt !== row.attempt) refuse("attempts", "that attempt does not run");
        if (reasonOf(row.detail) === TaskReason.LOST) this.#lost(by, written, row.at);
        written.running = null;
        written.nextAt = row.nextAt;
        break;
      case EVENT.released:
        if (written.running?.attempt !== row.attempt) refuse("attempts", "that attempt does not run");
        written.running = null;
        written.attempts--;
        break;
      case EVENT.cancelRequested:
        if (written.running === null) refuse("cancel", "nothing runs that is to be told");
        written.cancelRequested = true;
        break;
    }
  }

  #ended(row: EndRow, by: Committer): void {
    const written = this.#find(row);
    const { task, running } = written;
    const refuse = (rule: string, why: string): never => {
      throw new Violation(rule, `${task.name} (${refKey(row)}) ends with status ${row.status}: ${why}`);
    };
    if (written.end !== null) refuse("end-is-end", `it has ended with ${written.end.status}`);
    if (written.cancelRequested && row.status !== TaskStatus.CANCELLED) refuse("cancel", "its cancel was committed");
    if (row.token !== 0 && row.token !== running?.ord) refuse("token", `${row.token} is not the token of its attempt`);
    if (row.token === 0 && row.status === TaskStatus.SUCCEEDED) refuse("token", "nothing ran");
    if (row.reason === TaskReason.LOST) this.#lost(by, written, row.at);
    written.end = { ...row };
    if (row.status === TaskStatus.SUCCEEDED) this.totals.succeeded++;
    else if (row.status === TaskStatus.FAILED) this.totals.failed++;
    else this.totals.cancelled++;
  }

  #lost(by: Committer, { task, running }: Written, at: number): void {
    if (!this.#clockSteps && running !== null) by.checkLost(task, running.ord, at);
  }

  #find(row: { readonly shard: number; readonly lane: number; readonly seq: number }): Written {
    const written = this.tasks.get(refKey(row));
    if (written === undefined) throw new Violation("invented", `a row names the task ${refKey(row)}, which never was`);
    return written;
  }
}

function reasonOf(detail: Uint8Array | null): number {
  return detail === null ? 0 : fromBinary(AttemptSchema, detail).reason;
}
