import type { WorkerInfo } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { rangeOf, requireCommonProtocol } from "../../proto/worker-protocol.ts";
import { readVersion } from "../../runtime/version.ts";

const VERSION = readVersion();

/**
 * Before anything else of a worker is looked at: one of another protocol may mean something else by it.
 * @throws TssError FAILED_PRECONDITION with both versions, reason VERSION_TOO_OLD or VERSION_TOO_NEW of the worker.
 */
export function requireProtocol(worker: WorkerInfo | undefined): void {
  if (worker === undefined) return;
  const version = worker.version === "" ? "" : ` (version ${worker.version})`;
  requireCommonProtocol(rangeOf(worker), `Worker ${JSON.stringify(worker.name)}${version}`, VERSION);
}
