import { create } from "@bufbuild/protobuf";
import { AttemptOutcome } from "../../proto/gen/tss/v1/task_pb.js";
import { OutcomeReportSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { workSessions } from "../../sdk/typescript/worker/open-work-session.ts";
import type { WorkSession } from "../../sdk/typescript/worker/work-session-types.ts";

/** Runs what it is given until it is told to finish, over one stream that it opens again when it breaks. */
export class SingleStreamWorker {
  /** Times that a task was given. */
  readonly starts = new Map<string, number>();
  /** Ids of tasks whose outcome counted. */
  readonly accepted: string[] = [];
  readonly #session: WorkSession;
  readonly #held = new Map<string, { readonly id: string; readonly fencingToken: bigint }>();
  #finishing = false;

  constructor(connection: Connection, slots: number) {
    this.#session = workSessions(connection)({
      worker: { name: "single", slots, types: ["work"] },
      held: () => [...this.#held.values()],
      events: {
        onConnected: (_termMs, refused) => {
          for (const { id } of refused) this.#held.delete(id);
          if (this.#finishing) for (const lease of this.#held.values()) this.#finish(lease);
        },
        onLease: ({ id, fencingToken }) => {
          this.starts.set(id, (this.starts.get(id) ?? 0) + 1);
          this.#held.set(id, { id, fencingToken });
          if (this.#finishing) this.#finish({ id, fencingToken });
        },
        onCancel: ({ id }) => void this.#held.delete(id),
        onLogAck: () => {},
        onOutcomeAck: ({ id, accepted }) => {
          this.#held.delete(id);
          this.#session.credit(1);
          if (accepted) this.accepted.push(id);
        },
        onDrain: () => {},
      },
    });
    this.#session.credit(slots);
  }

  finishAll(): void {
    this.#finishing = true;
    for (const lease of this.#held.values()) this.#finish(lease);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #finish({ id, fencingToken }: { readonly id: string; readonly fencingToken: bigint }): void {
    this.#session.outcome(create(OutcomeReportSchema, { id, fencingToken, outcome: AttemptOutcome.SUCCEEDED }));
  }
}
