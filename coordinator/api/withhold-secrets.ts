import type { WorkerInfo } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { CallContext } from "./call-context.ts";

/** A worker that others could listen to is given no task that needs secrets, whatever it says of itself. */
export function withholdSecrets(call: Pick<CallContext, "isPrivate">, worker: WorkerInfo | undefined): void {
  if (worker?.secrets && !call.isPrivate) worker.secrets = false;
}
