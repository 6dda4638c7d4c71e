import { fromBinary } from "@bufbuild/protobuf";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { WireReader } from "../../proto/wire-reader.ts";
import { readPlainTask } from "../kernel/plain-task.ts";
import type { ReceivedTask } from "../kernel/received-task.ts";
import type { SubmitRequest } from "../operations/operations.ts";
import { checkBounds } from "./strict-bounds.ts";

/** One message of a SubmitStream. */
export interface StreamedSubmit {
  readonly sequence: number;
  /** Absent: the client sent none. */
  readonly request: SubmitRequest | undefined;
}

interface Tasks {
  readonly tasks: ReceivedTask[];
  requestId: string;
}

/**
 * A SubmitTasksRequest whose tasks keep the bytes they came in, so that they can be stored and leased untouched.
 * Of too many tasks it gives one more than are allowed, and the message is refused for it: 4 MiB hold two million empty
 * tasks, which nobody has to make objects of.
 */
export function decodeSubmitTasksRequest(bytes: Uint8Array): SubmitRequest {
  const request: Tasks = { tasks: [], requestId: "" };
  readRequest(new WireReader(bytes), request);
  return request;
}

/** A SubmitStreamRequest; its tasks as above. */
export function decodeSubmitStreamRequest(bytes: Uint8Array): StreamedSubmit {
  const reader = new WireReader(bytes);
  let sequence = 0;
  let request: Tasks | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x08) sequence = reader.int32() >>> 0;
    else if (tag === 0x12) {
      const outer = reader.enter();
      request ??= { tasks: [], requestId: "" };
      readRequest(reader, request);
      reader.leave(outer);
    } else reader.skip(tag, 2);
  }
  return { sequence, request };
}

function readRequest(reader: WireReader, request: Tasks): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) {
      const outer = reader.enter();
      if (request.tasks.length <= LIMITS.tasksPerMessage) request.tasks.push(readTask(reader));
      reader.leave(outer);
    } else if (tag === 0x12) request.requestId = reader.text();
    else reader.skip(tag, 2);
  }
}

function readTask(reader: WireReader): ReceivedTask {
  const start = reader.place;
  const plain = readPlainTask(reader);
  const bytes = reader.copyFrom(start);
  if (plain !== null) return { bytes, plain };
  checkBounds(TaskSpecSchema, bytes);
  return { bytes, spec: fromBinary(TaskSpecSchema, bytes) };
}
