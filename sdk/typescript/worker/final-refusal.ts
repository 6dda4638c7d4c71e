import type { TssError } from "../../../proto/errors.ts";

const FINAL: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "INVALID_ARGUMENT",
  "UNIMPLEMENTED",
]);

/** Whether another try cannot mend it. A certificate is replaced without a restart: the next connection may be let in. */
export function isFinal({ code, reason }: TssError): boolean {
  return FINAL.has(code) && !reason.startsWith("CLIENT_CERTIFICATE_");
}
