import { randomBytes } from "node:crypto";
import { clone, create } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import {
  type Bulk,
  BulkAction,
  BulkPhase,
  type PrepareBulkRequest,
  type RunBulkRequest,
} from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import { type ListTasksRequest, ListTasksRequestSchema } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { Logger } from "../../../runtime/logger.ts";
import { reading } from "../../engine/reading.ts";
import { durationMs, timestampMs, toTimestamp } from "../../kernel/time.ts";
import { Violations } from "../../kernel/violations.ts";
import { checkList } from "../check-list.ts";
import type { Caller } from "../operations.ts";
import { BulkJob, type BulkParts } from "./bulk-job.ts";
import { type BulkRecord, isActive, isPrepared, readRecord, statusesFor } from "./bulk-record.ts";
import { saveRecord } from "./save-record.ts";

/** What was prepared and not run is forgotten after so long, ms; what has ended, after this. */
const PREPARED_MS = 15 * 60_000;
const ENDED_MS = 7 * 86_400_000;
const KEPT = 100;

interface Answer {
  readonly bulk: Bulk;
  readonly changed: boolean;
}

/** The jobs of the coordinator that carries them out: those that are prepared, under way, and lately ended. */
export class BulkJobs {
  readonly #parts: BulkParts;
  readonly #logger: Logger;
  readonly #jobs = new Map<string, BulkJob>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  /** Stopped, and not written yet. */
  readonly #unwritten = new Set<BulkJob>();

  constructor(parts: BulkParts, logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /** Reads what there is, goes on with what was under way, and counts anew what was only prepared. @throws TssError UNAVAILABLE: the database is away. */
  async read(): Promise<void> {
    const rows = await reading(() => this.#parts.state.store.catalog.bulks());
    if (this.#closed) return;
    for (const { id, body } of rows) this.#jobs.set(id, new BulkJob(this.#parts, readRecord(body)));
    this.#forget();
    for (const job of this.#jobs.values())
      if (isActive(job.record)) this.#begin(job);
      else if (isPrepared(job.record)) void job.count();
  }

  /** What is under way ends after its piece, and goes on where jobs are read next. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#jobs.values()) job.leaveOff();
    await Promise.all(this.#running);
  }

  /** Noted before it is answered: whoever carries jobs out by the time it is run knows what was meant. */
  async prepare(caller: Caller, request: PrepareBulkRequest): Promise<Bulk> {
    const { clock } = this.#parts.state;
    this.#forget();
    const filter = checkPrepare(request, clock.now());
    if (this.#count(isPrepared) >= LIMITS.bulksPrepared)
      throw tooMany(`${LIMITS.bulksPrepared} jobs are prepared and not run`, "Run or stop one of them first.");
    const job = new BulkJob(this.#parts, {
      ...BLANK,
      ...{
        id: `b_${randomBytes(9).toString("base64url")}`,
        action: request.action,
        filter,
        keyId: caller.keyId,
        createdAt: clock.now(),
      },
      ids: request.ids.length === 0 ? null : [...new Set(request.ids)],
    });
    this.#jobs.set(job.record.id, job);
    try {
      await this.#save(job.record);
    } catch (error) {
      this.#jobs.delete(job.record.id);
      throw error;
    }
    void job.count();
    return job.describe();
  }

  async run(caller: Caller, request: RunBulkRequest): Promise<Answer> {
    const found = new Violations();
    const delay = request.delay === undefined ? 0 : durationMs(request.delay);
    found.number("per_second", request.perSecond, 0, LIMITS.bulkPerSecond);
    found.span("delay", delay, 0, LIMITS.bulkDelayMs);
    found.check();
    const job = this.#find(request.id);
    const { phase } = job.record;
    if (phase === BulkPhase.PENDING && delay === 0) job.hurry();
    if (!isPrepared(job.record)) return { bulk: job.describe(), changed: false };
    if (phase === BulkPhase.COUNTING)
      throw new TssError("FAILED_PRECONDITION", `Job ${request.id} still counts: run it when it is ready.`, {
        reason: "BULK_COUNTING",
      });
    if (this.#count(isActive) >= LIMITS.bulksRunning)
      throw tooMany(`${LIMITS.bulksRunning} jobs are under way`, "Wait for one of them to end, or stop one.");
    const before = job.record;
    job.record = {
      ...before,
      ...{ phase: BulkPhase.PENDING, keyId: caller.keyId, perSecond: request.perSecond },
      startsAt: this.#parts.state.clock.now() + delay,
    };
    try {
      await this.#save(job.record);
    } catch (error) {
      job.record = before;
      throw error;
    }
    this.#begin(job);
    return { bulk: job.describe(), changed: true };
  }

  /** One that was only prepared is forgotten. */
  async stop(id: string): Promise<Answer> {
    const job = this.#find(id);
    if (isPrepared(job.record)) {
      this.#jobs.delete(id);
      job.stop();
      job.record = { ...job.record, phase: BulkPhase.STOPPED };
      this.#deleteRows([id]);
      return { bulk: job.describe(), changed: true };
    }
    const active = isActive(job.record) || this.#unwritten.has(job);
    if (active) {
      this.#unwritten.add(job);
      job.stop();
      await job.over;
      // A job that was stopped must not go on after a restart: until it is written, stopping it is asked for again.
      await this.#save(job.record);
      this.#unwritten.delete(job);
    }
    return { bulk: job.describe(), changed: active };
  }

  get(id: string): Bulk {
    return this.#find(id).describe();
  }

  list(): readonly Bulk[] {
    const ran = [...this.#jobs.values()].filter(({ record }) => !isPrepared(record) && record.startsAt > 0);
    return ran.sort((a, b) => b.record.createdAt - a.record.createdAt).map((job) => job.describe());
  }

  #begin(job: BulkJob): void {
    const over = job.run().finally(() => this.#running.delete(over));
    job.over = over;
    this.#running.add(over);
  }

  #count(of: (record: BulkRecord) => boolean): number {
    return [...this.#jobs.values()].filter(({ record }) => of(record)).length;
  }

  /** Those that nobody asks for any more. */
  #forget(): void {
    const now = this.#parts.state.clock.now();
    const ended = [...this.#jobs.values()]
      .filter(({ record }) => !isPrepared(record) && !isActive(record))
      .sort((a, b) => b.record.endedAt - a.record.endedAt);
    const old = ended.filter(({ record }, place) => place >= KEPT || record.endedAt < now - ENDED_MS);
    const left = [...this.#jobs.values()].filter(
      ({ record }) => isPrepared(record) && record.createdAt < now - PREPARED_MS,
    );
    for (const job of left) job.leaveOff();
    const ids = [...old, ...left].map(({ record }) => record.id);
    for (const id of ids) this.#jobs.delete(id);
    if (ids.length > 0) this.#deleteRows(ids);
  }

  #deleteRows(ids: readonly string[]): void {
    this.#parts.state.store.catalog
      .deleteBulks(ids)
      .catch((error: Error) => this.#logger.warn({ error: error.message }, "jobs on many tasks were not deleted"));
  }

  #find(id: string): BulkJob {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    throw new TssError(
      "NOT_FOUND",
      `There is no job ${JSON.stringify(id.slice(0, 40))}: it was not run in time, or has ended long ago. Prepare it anew.`,
      { reason: "BULK_NOT_FOUND" },
    );
  }

  #save(record: BulkRecord): Promise<void> {
    return saveRecord(this.#parts.state, this.#parts.owner, record);
  }
}

const BLANK = {
  ...{ phase: BulkPhase.COUNTING, total: 0, more: false, done: 0, changed: 0, refused: 0, reasons: [], problem: "" },
  ...{ perSecond: 0, startsAt: 0, endedAt: 0, cursor: "", piece: [] },
};

/** What fits, up to now. */
function checkPrepare({ action, filter, ids }: PrepareBulkRequest, now: number): ListTasksRequest {
  const found = new Violations();
  if (action === BulkAction.UNSPECIFIED || BulkAction[action] === undefined)
    found.add("action", "must be cancel or retry");
  if ((filter === undefined) === (ids.length === 0)) found.add("filter", "must be given, or ids, and not both");
  found.count("ids", ids.length, 0, LIMITS.tasksPerMessage);
  found.check();
  const asked = filter === undefined ? create(ListTasksRequestSchema) : clone(ListTasksRequestSchema, filter);
  Object.assign(asked, { limit: 0, cursor: "" });
  checkList(asked);
  const status = [...statusesFor(action, asked)];
  if (status.length === 0) {
    found.add("filter.status", "is of tasks that this cannot be done to");
    found.check();
  }
  const before = asked.createdBefore === undefined ? now : Math.min(timestampMs(asked.createdBefore), now);
  const { waitedOver, waitedUnder, ranOver, ranUnder } = asked;
  if ([waitedOver, waitedUnder, ranOver, ranUnder].every((span) => span === undefined))
    return Object.assign(asked, { status, createdBefore: toTimestamp(before) });
  // How long a task has waited or run is what it was by now, whenever it is looked at again.
  const until = asked.measuredUntil === undefined ? now : Math.min(timestampMs(asked.measuredUntil), now);
  return Object.assign(asked, { status, createdBefore: toTimestamp(before), measuredUntil: toTimestamp(until) });
}

function tooMany(what: string, action: string): TssError {
  return new TssError("RESOURCE_EXHAUSTED", `${what}. ${action}`, { reason: "BULK_LIMIT" });
}
