import { TssError } from "../../proto/errors.ts";

/** An error as the caller is to know it: that the coordinator does not let the gateway in is no fault of the caller's key. */
export function withoutBlame(error: TssError): TssError {
  if (!error.reason.startsWith("CLIENT_CERTIFICATE_")) return error;
  return new TssError("UNAVAILABLE", `The gateway is not let in by its coordinator: ${error.message}`, {
    reason: error.reason,
    cause: error,
  });
}
