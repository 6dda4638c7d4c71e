import { TssError } from "../../proto/errors.ts";
import type { CallContext } from "./call-context.ts";

/**
 * That nobody on the way can read what the call carries.
 * @throws TssError FAILED_PRECONDITION when the connection is plaintext and comes from another machine.
 */
export function requirePrivate<T>(call: Pick<CallContext, "isPrivate">, request: T): T {
  if (call.isPrivate) return request;
  throw new TssError(
    "FAILED_PRECONDITION",
    "Values of secrets do not go over plaintext between machines: give this coordinator TLS (TSS_TLS_CERT, TSS_TLS_KEY) and call it with TSS_TLS_CA.",
    { reason: "PLAINTEXT" },
  );
}
