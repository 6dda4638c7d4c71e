import type { TssError } from "../../../proto/errors.ts";
import { isVersionRefusal } from "../../../proto/worker-protocol.ts";

const FINAL: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "INVALID_ARGUMENT",
  "UNIMPLEMENTED",
]);

/** Whether another try cannot mend it. A certificate is replaced without a restart: the next connection may be let in. */
export function isFinal(error: TssError): boolean {
  if (error.reason.startsWith("CLIENT_CERTIFICATE_")) return false;
  return FINAL.has(error.code) || isVersionRefusal(error);
}

/**
 * The same of one of several coordinators. While a fleet is upgraded one of them may be of a release too far away: that ends
 * nothing that others carry.
 * @param others why each of the other streams is not there; undefined: it is, or was not tried yet.
 */
export function isFinalFor(error: TssError, others: readonly (TssError | undefined)[]): boolean {
  return isFinal(error) && !(isVersionRefusal(error) && others.includes(undefined));
}
