import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type PayloadSchema, TaskSpecSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { WireWriter } from "../../../proto/wire-writer.ts";
import type { TaskSpecInit } from "./task-spec.ts";

type PayloadInit = MessageInitShape<typeof PayloadSchema>;

const writer = new WireWriter();

/**
 * One SubmitStreamRequest, by the numbers of task_service.proto and task.proto. Tasks that name only the fields that most
 * do are written straight into it: a program that submits does so beside its own work.
 */
export function encodeSubmit(sequence: number, requestId: string, tasks: readonly TaskSpecInit[]): Buffer {
  writer.integer(1, sequence);
  const request = writer.begin(2);
  for (const task of tasks) {
    if (isPlain(task)) writePlain(task);
    else writer.bytes(1, toBinary(TaskSpecSchema, create(TaskSpecSchema, task)));
  }
  writer.text(2, requestId);
  writer.end(request);
  return writer.finish();
}

const PLAIN: ReadonlySet<string> = new Set(["name", "queue", "priority", "command", "type", "payload"]);

function isPlain(task: TaskSpecInit): boolean {
  for (const field in task) if (!PLAIN.has(field) && task[field as keyof TaskSpecInit] !== undefined) return false;
  return true;
}

function writePlain(task: TaskSpecInit): void {
  const place = writer.begin(1);
  writer.text(1, task.name ?? "");
  writer.text(2, task.queue ?? "");
  // A sint32: the sign goes last.
  const { priority = 0 } = task;
  writer.integer(3, ((priority << 1) ^ (priority >> 31)) >>> 0);
  writer.text(4, task.command ?? "");
  writer.text(6, task.type ?? "");
  if (task.payload !== undefined) writePayload(task.payload);
  writer.end(place);
}

function writePayload({ data, contentType = "", encodings = [] }: PayloadInit): void {
  const place = writer.begin(7);
  if (data !== undefined && data.length > 0) writer.bytes(1, data);
  writer.text(2, contentType);
  for (const encoding of encodings) writer.text(3, encoding);
  writer.end(place);
}
