import { toBinary } from "@bufbuild/protobuf";
import { Metadata, type ServerInterceptingCallInterface, status as Status, type StatusObject } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import { StatusSchema } from "../../proto/gen/google/rpc/status_pb.js";
import type { Logger } from "../../runtime/logger.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";

export type CallStatus = Pick<StatusObject, "code" | "details"> & { readonly metadata: Metadata };

type PartialStatus = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

const DETAILS = "grpc-status-details-bin";

/** An error as the status of a call, with `google.rpc.Status` in its trailers. */
export function toCallStatus(error: TssError): CallStatus {
  const status = toRpcStatus(error);
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(toBinary(StatusSchema, status)));
  return { code: status.code, details: status.message, metadata };
}

/** What a caller may read of a failure. Anything but a TssError is a fault of TSS: logged once in full, told in one sentence. */
export function toTssError(error: unknown, requestId: string, method: string, logger: Logger): TssError {
  if (error instanceof TssError) return error;
  logger.error({ error, method, requestId }, "a call failed for a reason that is a fault of TSS");
  return new TssError(
    "INTERNAL",
    `The coordinator failed to answer; its log says why under the request id ${requestId}.`,
  );
}

/** Words of grpc-js and what TSS says instead. */
const TRANSLATIONS: readonly (readonly [number, RegExp, () => TssError])[] = [
  [
    Status.RESOURCE_EXHAUSTED,
    /^Received message/,
    () =>
      new TssError(
        "RESOURCE_EXHAUSTED",
        "A message may have at most 4 MiB, also after decompression: send less at once.",
        {
          reason: "MESSAGE_TOO_LARGE",
        },
      ),
  ],
  [
    Status.INTERNAL,
    /^Failed to decompress/,
    () =>
      new TssError(
        "INVALID_ARGUMENT",
        "A message could not be decompressed: it is not of the encoding its header names.",
        {
          reason: "MALFORMED_MESSAGE",
        },
      ),
  ],
  [
    Status.INTERNAL,
    /^Invalid grpc-timeout/,
    () => new TssError("INVALID_ARGUMENT", "The grpc-timeout header must be 1–8 digits and one of H, M, S, m, u, n."),
  ],
  [
    Status.UNIMPLEMENTED,
    /^Received (no|a second) request message/,
    () =>
      new TssError("INVALID_ARGUMENT", "This method takes exactly one request message.", {
        reason: "MALFORMED_MESSAGE",
      }),
  ],
  [
    Status.DEADLINE_EXCEEDED,
    /^Deadline exceeded/,
    () => new TssError("DEADLINE_EXCEEDED", "The caller's deadline passed before the call was answered."),
  ],
];

/** A status that grpc-js made, in the words of TSS; one that TSS made stays as it is. */
export function translate(status: PartialStatus): CallStatus {
  const metadata = status.metadata ?? new Metadata();
  const details = status.details ?? "";
  if (status.code !== Status.OK && metadata.get(DETAILS).length === 0)
    for (const [code, words, error] of TRANSLATIONS)
      if (status.code === code && words.test(details)) return toCallStatus(error());
  return { code: status.code, details, metadata };
}
