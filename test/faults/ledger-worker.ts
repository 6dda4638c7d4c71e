import { create } from "@bufbuild/protobuf";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { type Lease, type OutcomeReport, OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import type { WorkSession } from "../../sdk/typescript/worker/work-session-types.ts";

/** A worker that does nothing but keep a ledger, outside of TSS, of what it was told to run and what was accepted. */
export class LedgerWorker {
  /** Leases by task: every start. */
  readonly starts = new Map<string, Lease[]>();
  /** Tasks by id: outcomes that were acknowledged as accepted. */
  readonly accepted = new Map<string, number>();
  readonly #pending = new Map<string, OutcomeReport>();
  readonly #session: WorkSession;
  readonly #waiting: { condition: () => boolean; resolve: () => void }[] = [];

  constructor(connection: Connection, credit: number) {
    this.#session = workSessions(connection)({
      worker: { name: "ledger", slots: credit, commands: true },
      held: () => [...this.#pending.values()].map(({ id, fencingToken }) => ({ id, fencingToken })),
      events: {
        onConnected: (_ttl, refused) => {
          for (const { id, fencingToken } of refused) this.#drop(id, fencingToken);
          for (const report of this.#pending.values()) this.#session.outcome(report);
        },
        onLease: (lease) => this.#run(lease),
        onCancel: () => {},
        onLogAck: () => {},
        onOutcomeAck: ({ id, fencingToken, accepted }) => {
          if (accepted) this.accepted.set(id, (this.accepted.get(id) ?? 0) + 1);
          this.#drop(id, fencingToken);
        },
        onDrain: () => {},
      },
    });
    this.#session.credit(credit);
  }

  #run(lease: Lease): void {
    const leases = this.starts.get(lease.id) ?? [];
    leases.push(lease);
    this.starts.set(lease.id, leases);
    const report = create(OutcomeReportSchema, {
      id: lease.id,
      fencingToken: lease.fencingToken,
      outcome: AttemptOutcome.SUCCEEDED,
    });
    this.#pending.set(key(lease.id, lease.fencingToken), report);
    this.#session.outcome(report);
  }

  #drop(id: string, token: bigint): void {
    if (this.#pending.delete(key(id, token))) this.#session.credit(1);
    for (const waiter of this.#waiting.splice(0)) {
      if (waiter.condition()) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }

  /** Resolves as soon as the condition holds after an acknowledgement. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ condition, resolve }));
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

function key(id: string, token: bigint): string {
  return `${id}/${token}`;
}
