import type { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { Violation } from "./world.ts";

/** A run of a task, written by the worker that ran it: the only truth about what ran. */
export interface Run {
  readonly id: string;
  readonly token: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly worker: string;
  /** What the worker was told that its report counts for. */
  /** How it ended, as its worker says; null: it runs, or went with its worker. */
  outcome: AttemptOutcome | null;
  accepted: { readonly outcome: AttemptOutcome } | null;
}

/** What clients and workers saw, apart from what the coordinators say. */
export class Ledger {
  /** Runs by public id of the task. */
  readonly runs = new Map<string, Run[]>();
  /** Names of tasks that a client was told are accepted, by public id, and the other way round. */
  readonly acked = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  /** Tasks whose cancel was answered with `changed`. */
  readonly cancelled = new Set<string>();
  /** The first ended status that anybody saw. */
  readonly #endedAs = new Map<string, number>();
  /** Tasks that retries were answered with, by the retried one. */
  answers = 0;

  started(run: Run): void {
    const runs = this.runs.get(run.id) ?? [];
    this.runs.set(run.id, runs);
    if (runs.some(({ token }) => token === run.token))
      throw new Violation("one-run", `${run.id} was run twice under the token ${run.token}`);
    runs.push(run);
    // A run that was given back untouched is none; the sum of the others is bounded, whatever was lost.
    if (run.attempt > run.maxAttempts)
      throw new Violation("attempts", `${run.id} runs for the ${run.attempt}th time of ${run.maxAttempts}`);
  }

  acknowledged(run: Run, outcome: AttemptOutcome): void {
    run.accepted = { outcome };
  }

  accepted(name: string, id: string): void {
    this.answers++;
    const before = this.#ids.get(name);
    if (before !== undefined && before !== id)
      throw new Violation("same-answer", `${name} was accepted as ${before} and as ${id}`);
    this.#ids.set(name, id);
    this.acked.set(id, name);
  }

  idOf(name: string): string | undefined {
    return this.#ids.get(name);
  }

  saw(id: string, status: number, ended: boolean): void {
    this.answers++;
    const before = this.#endedAs.get(id);
    if (before !== undefined && (!ended || before !== status))
      throw new Violation("end-is-end", `${id} was seen with status ${before}, later with ${status}`);
    if (ended) this.#endedAs.set(id, status);
  }
}

/** Tokens are numbers of a shard. */
export function leaseKey(id: string, token: number | bigint): string {
  return `${id}.${token}`;
}
