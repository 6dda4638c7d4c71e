import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../proto/errors.ts";
import { type Lease, WorkerService } from "../proto/gen/tss/v1/worker_service_pb.js";
import type { Connection } from "../sdk/typescript/connection-types.ts";
import type { Ending } from "./executors/executor.ts";
import type { Stop } from "./stop.ts";

/** Where an agent gets the values of secrets. */
export interface SecretSource {
  /** Of an attempt that this agent holds, by variable. */
  read(lease: Pick<Lease, "id" | "fencingToken">, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  close(): void;
}

/** Asks the coordinator, over a connection that is made for the first attempt that needs one. */
export function coordinatorSecrets(open: () => Connection): SecretSource {
  let connection: Connection | undefined;
  return {
    async read({ id, fencingToken }, signal) {
      connection ??= open();
      return (await connection.service(WorkerService).getSecrets({ id, fencingToken }, { signal, timeoutMs: 10_000 }))
        .values;
    },
    close: () => connection?.close(),
  };
}

const RETRY_MS = 500;
/** A coordinator that is away, or does not know yet who holds the attempt, is asked again for as long as the lease holds. */
const PASSING: ReadonlySet<string> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "RESOURCE_EXHAUSTED"]);

type TakenSecrets = { readonly values: Readonly<Record<string, string>> } | { readonly ending: Ending };

/** The values for an attempt that is about to start, or how it ended for want of them. */
export async function takeSecrets(source: SecretSource, lease: Lease, stop: Stop): Promise<TakenSecrets> {
  for (;;) {
    try {
      return { values: await source.read(lease, stop.soft) };
    } catch (error) {
      if (stop.soft.aborted) return { ending: { kind: "not_started", stoppedBy: stop.cause ?? "drained" } };
      if (!(error instanceof TssError)) throw error;
      if (!PASSING.has(error.code)) {
        const message = `The attempt was not started: ${error.message}`;
        return { ending: { kind: "spawn_failed", message, final: isFinal(error) } };
      }
    }
    await pause(RETRY_MS, undefined, { signal: stop.soft }).catch(() => undefined);
  }
}

/** No further attempt would fare better until somebody has set something. */
function isFinal({ reason }: TssError): boolean {
  return reason === "SECRET_MISSING" || reason === "SECRET_OTHER_QUEUE" || reason === "SECRETS_TOO_LARGE";
}
