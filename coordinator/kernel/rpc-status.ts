import { create } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { STATUS_CODES, type TssError } from "../../proto/errors.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../proto/gen/google/rpc/status_pb.js";

/** Violations told of one request; the rest is counted. The whole status must fit into response headers. */
const VIOLATIONS = 16;
const MESSAGE_CHARACTERS = 1_000;
const VIOLATION_CHARACTERS = 200;

/**
 * An error as `google.rpc.Status`, for the trailers of a call and for one item of a batch: always ErrorInfo
 * (domain "tss"), BadRequest when fields are named, RetryInfo when a pause is. At most about 6 KiB.
 */
export function toRpcStatus(error: TssError): Status {
  const details = [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: error.reason, domain: "tss" }))];
  if (error.violations.length > 0) {
    const fieldViolations = error.violations.slice(0, VIOLATIONS).map(({ field, description }) => ({
      field: shorten(field, VIOLATION_CHARACTERS),
      description: shorten(description, VIOLATION_CHARACTERS),
    }));
    const left = error.violations.length - fieldViolations.length;
    if (left > 0) fieldViolations.push({ field: "", description: `${left} further problems are not listed.` });
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (error.retryAfterMs !== undefined)
    details.push(
      anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(error.retryAfterMs)) })),
    );
  const message = shorten(error.message, MESSAGE_CHARACTERS);
  return create(StatusSchema, { code: STATUS_CODES[error.code], message, details });
}

/** Lone surrogates have no UTF-8 and would break the headers. */
function shorten(text: string, characters: number): string {
  const cut = text.length > characters ? `${text.slice(0, characters - 1)}…` : text;
  return cut.toWellFormed();
}
