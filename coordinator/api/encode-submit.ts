import { toBinary } from "@bufbuild/protobuf";
import type { TssError } from "../../proto/errors.ts";
import { StatusSchema } from "../../proto/gen/google/rpc/status_pb.js";
import { WireWriter } from "../../proto/wire-writer.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import type { SubmitAnswer } from "../operations/operations.ts";

/** Writers of the answers to submits, field by field as task_service.proto numbers them. */

const writer = new WireWriter();

/** One SubmitTasksResponse. */
export function encodeSubmitTasksResponse(answers: readonly SubmitAnswer[]): Buffer {
  writeResults(answers);
  return writer.finish();
}

/** One SubmitStreamResponse; an error refuses the message as a whole. */
export function encodeSubmitStreamResponse(sequence: number, answer: readonly SubmitAnswer[] | TssError): Buffer {
  writer.integer(1, sequence);
  if ("code" in answer) writeError(3, answer);
  else {
    const place = writer.begin(2);
    writeResults(answer);
    writer.end(place);
  }
  return writer.finish();
}

function writeResults(answers: readonly SubmitAnswer[]): void {
  for (const answer of answers) {
    const place = writer.begin(1);
    if ("code" in answer) writeError(2, answer);
    else {
      writer.text(1, answer.id);
      writer.flag(3, answer.duplicate);
    }
    writer.end(place);
  }
}

function writeError(field: number, error: TssError): void {
  writer.bytes(field, toBinary(StatusSchema, toRpcStatus(error)));
}
