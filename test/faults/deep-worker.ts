import { create } from "@bufbuild/protobuf";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { type Lease, type OutcomeReport, OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import type { WorkSession } from "../../sdk/typescript/worker/work-session-types.ts";

/** Slots of the worker: a few flushes' worth of leases. */
const SLOTS = 5_000;

/**
 * A worker that does nothing, fast, and keeps a byte per task of how often it was told to run it: tasks are named by their
 * number. It is there from the beginning, and takes nothing until `go`.
 */
export class DeepWorker {
  readonly #runs: Uint8Array;
  readonly #pending = new Map<string, OutcomeReport>();
  readonly #session: WorkSession;
  /** Tasks that were told to run at least once. */
  distinct = 0;
  #target = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  constructor(connection: Connection, tasks: number) {
    this.#runs = new Uint8Array(tasks);
    this.#session = workSessions(connection)({
      worker: { name: "deep", slots: SLOTS, commands: true },
      held: () => [...this.#pending.values()].map(({ id, fencingToken }) => ({ id, fencingToken })),
      events: {
        onConnected: (_ttl, refused) => {
          for (const { id, fencingToken } of refused) this.#drop(id, fencingToken);
          for (const report of this.#pending.values()) this.#session.outcome(report);
        },
        onLease: (lease) => this.#run(lease),
        onCancel: () => {},
        onLogAck: () => {},
        onOutcomeAck: ({ id, fencingToken }) => this.#drop(id, fencingToken),
        onDrain: () => {},
      },
    });
  }

  go(): void {
    this.#session.credit(SLOTS);
  }

  /** Resolves when so many tasks have run and nothing is held any more, or more than so many have run. */
  ran(tasks: number): Promise<void> {
    return new Promise((resolve) => {
      this.#target = tasks;
      this.#reached = resolve;
      this.#check();
    });
  }

  /** Tasks that were told to run more than once. */
  get repeated(): number {
    return this.#runs.reduce((count, runs) => count + (runs > 1 ? 1 : 0), 0);
  }

  #run(lease: Lease): void {
    const number = Number(lease.spec?.name);
    if (this.#runs[number] === 0) this.distinct++;
    this.#runs[number] = (this.#runs[number] ?? 0) + 1;
    const report = create(OutcomeReportSchema, {
      id: lease.id,
      fencingToken: lease.fencingToken,
      outcome: AttemptOutcome.SUCCEEDED,
    });
    this.#pending.set(`${lease.id}/${lease.fencingToken}`, report);
    this.#session.outcome(report);
  }

  #drop(id: string, token: bigint): void {
    if (this.#pending.delete(`${id}/${token}`)) this.#session.credit(1);
    this.#check();
  }

  #check(): void {
    if (this.distinct > this.#target || (this.distinct === this.#target && this.#pending.size === 0)) this.#reached();
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
