import type { Logger } from "../../../runtime/logger.ts";
import { abortableWait } from "../../../runtime/wait.ts";
import { movedError } from "../../engine/state.ts";
import type { OwnedShard } from "../../ports/store.ts";
import type { TaskOperations } from "../operations.ts";
import type { BulkParts } from "./bulk-job.ts";
import { BulkJobs } from "./bulk-jobs.ts";

/** Jobs are carried out by the coordinator that owns this shard. */
export const BULK_SHARD = 0;

/** Pause before jobs that could not be read are tried again, ms. */
const AGAIN_MS = 1_000;

/** One time in which this coordinator carries jobs out. */
interface Term {
  readonly owner: OwnedShard;
  readonly over: AbortController;
  jobs: BulkJobs;
  /** The newest try to read them. */
  read: Promise<void>;
}

/**
 * Jobs belong to one coordinator at a time: the owner of a shard. When it takes that shard up it reads what is under way and
 * goes on with it; when it loses the shard it does nothing more, and what it would still write is refused by the epoch.
 */
export class BulkHost {
  readonly #parts: Omit<BulkParts, "owner" | "tasks">;
  readonly #logger: Logger;
  #tasks: TaskOperations | undefined;
  #term: Term | undefined;
  /** Settles when the terms before have come to rest: two never work on one job at a time. */
  #before: Promise<void> = Promise.resolve();
  #unwatch: () => void = () => {};

  constructor(parts: Omit<BulkParts, "owner" | "tasks">, logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /** From now on this coordinator carries jobs out whenever they are its to. @param tasks reach every task, whoever owns it. */
  start(tasks: TaskOperations): void {
    this.#tasks = tasks;
    this.#unwatch = this.#parts.state.shards.onServed(() => this.#look());
    this.#look();
  }

  /** @throws TssError UNAVAILABLE: they are another coordinator's, or could not be read yet. */
  async jobs(): Promise<BulkJobs> {
    const term = this.#term;
    if (term === undefined) throw movedError();
    await term.read;
    if (this.#term !== term) throw movedError();
    return term.jobs;
  }

  /** What is under way ends after its piece. */
  async close(): Promise<void> {
    this.#unwatch();
    this.#end();
    await this.#before;
  }

  #look(): void {
    const { shards, stopped } = this.#parts.state;
    const shard = shards.find(BULK_SHARD);
    const epoch = shard?.phase === "serving" && stopped === null ? shard.epoch : undefined;
    if (epoch === this.#term?.owner.epoch) return;
    this.#end();
    if (epoch !== undefined) this.#begin({ shard: BULK_SHARD, epoch });
  }

  #begin(owner: OwnedShard): void {
    if (this.#tasks === undefined) return;
    const parts = { ...this.#parts, owner, tasks: this.#tasks };
    const jobs = new BulkJobs(parts, this.#logger);
    const term: Term = { owner, over: new AbortController(), jobs, read: this.#before.then(() => jobs.read()) };
    this.#term = term;
    void this.#readAgain(term);
  }

  /** A catalog that cannot be read costs the jobs for a while, not the coordinator. */
  async #readAgain(term: Term): Promise<void> {
    for (;;)
      try {
        return await term.read;
      } catch (error) {
        this.#logger.warn({ error: (error as Error).message }, "jobs on many tasks were not read");
        if (!(await abortableWait(AGAIN_MS, term.over.signal))) return;
        term.read = term.jobs.read();
      }
  }

  #end(): void {
    const term = this.#term;
    this.#term = undefined;
    if (term === undefined) return;
    term.over.abort();
    this.#before = Promise.all([this.#before, term.jobs.close()]).then(() => {});
  }
}
