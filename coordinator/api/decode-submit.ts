import { create, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type SubmitStreamRequest,
  SubmitStreamRequestSchema,
  type SubmitTasksRequest,
  SubmitTasksRequestSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { rememberSpecBytes } from "../kernel/spec-bytes.ts";
import { checkBounds } from "./strict-bounds.ts";

/**
 * A SubmitTasksRequest whose specs remember the bytes they came from, so that they can be stored and leased untouched.
 * Of too many tasks it gives one more than are allowed, and the message is refused for it: 4 MiB hold two million empty
 * tasks, which nobody has to make objects of.
 */
export function decodeSubmitTasksRequest(bytes: Uint8Array): SubmitTasksRequest {
  const request = create(SubmitTasksRequestSchema);
  readSubmitTasksRequest(bytes, request);
  return request;
}

/** A SubmitStreamRequest; its tasks as above. */
export function decodeSubmitStreamRequest(bytes: Uint8Array): SubmitStreamRequest {
  const message = create(SubmitStreamRequestSchema);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) {
      expectType(type, WireType.Varint);
      message.sequence = reader.uint32();
    } else if (field === 2) {
      expectType(type, WireType.LengthDelimited);
      message.request ??= create(SubmitTasksRequestSchema);
      readSubmitTasksRequest(reader.bytes(), message.request);
    } else reader.skip(type, field);
  }
  return message;
}

function readSubmitTasksRequest(bytes: Uint8Array, request: SubmitTasksRequest): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) {
      expectType(type, WireType.LengthDelimited);
      readSpec(reader.bytes(), request);
    } else if (field === 2) {
      expectType(type, WireType.LengthDelimited);
      request.requestId = reader.string(true);
    } else reader.skip(type, field);
  }
}

function readSpec(bytes: Uint8Array, { tasks }: SubmitTasksRequest): void {
  if (tasks.length > LIMITS.tasksPerMessage) return;
  const spec = fromBinary(TaskSpecSchema, bytes);
  checkBounds(TaskSpecSchema, bytes);
  rememberSpecBytes(spec, bytes);
  tasks.push(spec);
}

function expectType(type: WireType, expected: WireType): void {
  if (type !== expected) throw new Error(`wire type ${type} where ${expected} belongs`);
}
