import { fromBinary } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import { StatusSchema } from "../../../proto/gen/google/rpc/status_pb.js";
import { WireReader } from "../../../proto/wire-reader.ts";
import { fromStatus } from "../connection/status-error.ts";

export interface Submitted {
  readonly id: string;
  /** The idempotency key was known: the task is the one of the first submit. */
  readonly duplicate: boolean;
}

/** One SubmitStreamResponse: a result for each task of the message, or why it was refused as a whole. */
export interface SubmitAnswer {
  readonly sequence: number;
  readonly results: readonly (Submitted | TssError)[] | TssError;
}

/** Reads it by the tags of task_service.proto. @throws WireError when these bytes are none. */
export function readSubmitAnswer(bytes: Buffer): SubmitAnswer {
  const reader = new WireReader(bytes);
  let sequence = 0;
  let results: SubmitAnswer["results"] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) sequence = reader.int32() >>> 0;
    else if (tag === 0x12) results = readResults(reader);
    else if (tag === 0x1a) results = readError(reader);
    else reader.skip(tag);
  }
  return { sequence, results };
}

function readResults(reader: WireReader): (Submitted | TssError)[] {
  const results: (Submitted | TssError)[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) results.push(readResult(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return results;
}

function readResult(reader: WireReader): Submitted | TssError {
  let id = "";
  let duplicate = false;
  let error: TssError | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) id = reader.text();
    else if (tag === 0x12) error = readError(reader);
    else if (tag === 0x18) duplicate = reader.flag();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (error !== undefined) return error;
  return id === "" ? unanswered() : { id, duplicate };
}

function readError(reader: WireReader): TssError {
  return fromStatus(fromBinary(StatusSchema, reader.bytes()));
}

export function unanswered(): TssError {
  return new TssError("INTERNAL", "The coordinator's answer has no result for this task.");
}
