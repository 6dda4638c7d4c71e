import { TssError } from "../proto/errors.ts";
import type { WorkerRegistryService } from "../proto/gen/tss/v1/operator_service_pb.js";
import type { ServiceClient } from "../sdk/typescript/connection-types.ts";

export type Workers = ServiceClient<typeof WorkerRegistryService>;

/**
 * The session a user means: its id, or the name of the only worker that bears it.
 * @throws TssError NOT_FOUND, or FAILED_PRECONDITION when several workers have the name.
 */
export async function findSession(registry: Workers, idOrName: string): Promise<string> {
  const { workers } = await registry.listWorkers({});
  if (workers.some((worker) => worker.sessionId === idOrName)) return idOrName;
  const named = workers.filter((worker) => worker.info?.name === idOrName);
  const [only] = named;
  if (only === undefined)
    throw new TssError("NOT_FOUND", `No worker has the session or name "${idOrName}"; "tss worker list" shows them.`);
  if (named.length === 1) return only.sessionId;
  const sessions = named.map((worker) => worker.sessionId).join(", ");
  throw new TssError(
    "FAILED_PRECONDITION",
    `${named.length} workers are named "${idOrName}"; name a session: ${sessions}.`,
  );
}
