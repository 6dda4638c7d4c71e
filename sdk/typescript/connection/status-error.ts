import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack, durationMs } from "@bufbuild/protobuf/wkt";
import type { ServiceError } from "@grpc/grpc-js";
import { type ErrorDetails, statusName, TssError } from "../../../proto/errors.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../proto/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../../proto/gen/google/rpc/status_pb.js";
import { UnreachableError } from "./unreachable.ts";

/** The error of a call as the coordinator put it; a coordinator that did not answer is named by its address. */
export function toTssError(error: ServiceError, address: string): TssError {
  const code = statusName(error.code);
  const [bytes] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (bytes instanceof Uint8Array) {
    const status = fromBinary(StatusSchema, bytes);
    return new TssError(code, status.message, detailsOf(status));
  }
  if (code === "UNAVAILABLE" && !isLost(error)) return new UnreachableError(address, error.details);
  if (code === "DEADLINE_EXCEEDED")
    return new TssError(code, `The coordinator at ${address} did not answer in time.`, { cause: error });
  const [, httpStatus] = /^Received HTTP status code (\d+)/.exec(error.details) ?? [];
  if (httpStatus !== undefined)
    return new TssError("UNAVAILABLE", `What answers at ${address} is no coordinator (HTTP ${httpStatus}).`);
  if (isLost(error))
    return new TssError("UNAVAILABLE", `The connection to the coordinator at ${address} was lost.`, {
      reason: "CONNECTION_LOST",
      cause: error,
    });
  return new TssError(code, error.details || error.message, { cause: error });
}

/** Whatever grpc-js makes of a connection that breaks under a call (a reset, a failed write, a silent peer): nobody has answered. */
function isLost({ code, details }: ServiceError): boolean {
  const name = statusName(code);
  return (
    (name === "INTERNAL" && details.startsWith("Received RST_STREAM")) ||
    (name === "UNAVAILABLE" && details === "Connection dropped")
  );
}

/** An item's own error, as an answer to a list of items carries it. */
export function fromStatus(status: Status): TssError {
  return new TssError(statusName(status.code), status.message, detailsOf(status));
}

function detailsOf(status: Status): ErrorDetails {
  const info = first(status, ErrorInfoSchema);
  const bad = first(status, BadRequestSchema);
  const retry = first(status, RetryInfoSchema)?.retryDelay;
  return {
    ...(info === undefined ? {} : { reason: info.reason }),
    ...(bad === undefined
      ? {}
      : { violations: bad.fieldViolations.map(({ field, description }) => ({ field, description })) }),
    ...(retry === undefined ? {} : { retryAfterMs: durationMs(retry) }),
  };
}

function first<D extends DescMessage>(status: Status, schema: D): MessageShape<D> | undefined {
  for (const detail of status.details) {
    const message = anyUnpack(detail, schema);
    if (message !== undefined) return message;
  }
  return undefined;
}
