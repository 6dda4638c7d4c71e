import { fromBinary } from "@bufbuild/protobuf";
import { type TaskError, TaskErrorSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  AnnouncementSchema,
  HelloSchema,
  LogReportSchema,
  ProgressReportSchema,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { WireError, WireReader } from "../../proto/wire-reader.ts";
import type { AttemptReport, AttemptStart } from "../kernel/attempt-report.ts";
import type { WorkerMessage } from "../operations/operations.ts";

/**
 * Reader of WorkRequest, by the tags of worker_service.proto. Beginnings and ends, of which there are as many as tasks, are
 * read field by field; what is rarer by the schema. A message where one belongs that is there twice, which the schema would
 * merge and no encoder writes, is refused.
 */
export function decodeWorkRequest(bytes: Uint8Array): WorkerMessage {
  const reader = new WireReader(bytes);
  const message: Mutable<WorkerMessage> = {
    hello: undefined,
    credit: 0,
    outcomes: [],
    starts: [],
    progress: [],
    logs: [],
    draining: false,
    creditWithdrawn: 0,
    announcements: [],
  };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        if (message.hello !== undefined) throw twice(tag);
        message.hello = fromBinary(HelloSchema, reader.bytes());
        break;
      case 0x10:
        message.credit = reader.int32() >>> 0;
        break;
      case 0x1a:
        message.outcomes.push(readOutcome(reader));
        break;
      case 0x22:
        message.starts.push(readStart(reader));
        break;
      case 0x2a:
        message.progress.push(fromBinary(ProgressReportSchema, reader.bytes()));
        break;
      case 0x32:
        message.logs.push(fromBinary(LogReportSchema, reader.bytes()));
        break;
      case 0x38:
        message.draining = reader.flag();
        break;
      case 0x40:
        message.creditWithdrawn = reader.int32() >>> 0;
        break;
      case 0x4a:
        message.announcements.push(fromBinary(AnnouncementSchema, reader.bytes()));
        break;
      default:
        reader.skip(tag, 9);
    }
  }
  return message;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

function readOutcome(reader: WireReader): AttemptReport {
  const outer = reader.enter();
  let id = "";
  let token = 0;
  let outcome = 0;
  let reason = 0;
  let exitCode: number | undefined;
  let signal = "";
  let error: TaskError | undefined;
  let result: Uint8Array | null = null;
  let startedAt = 0;
  let endedAt = 0;
  let survivors = 0;
  let outputBytes = 0;
  let nonRetryable = false;
  let retryAfterMs: number | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        id = reader.text();
        break;
      case 0x10:
        token = reader.integer();
        break;
      case 0x18:
        outcome = reader.int32();
        break;
      case 0x20:
        reason = reader.int32();
        break;
      case 0x28:
        exitCode = reader.int32();
        break;
      case 0x32:
        signal = reader.text();
        break;
      case 0x3a:
        if (error !== undefined) throw twice(tag);
        error = fromBinary(TaskErrorSchema, reader.bytes());
        break;
      case 0x42:
        if (result !== null) throw twice(tag);
        result = readPayload(reader);
        break;
      case 0x4a:
        if (startedAt !== 0) throw twice(tag);
        startedAt = reader.milliseconds();
        break;
      case 0x52:
        if (endedAt !== 0) throw twice(tag);
        endedAt = reader.milliseconds();
        break;
      case 0x58:
        survivors = reader.int32() >>> 0;
        break;
      case 0x60:
        outputBytes = Math.max(reader.integer(), 0);
        break;
      case 0x68:
        nonRetryable = reader.flag();
        break;
      case 0x72:
        if (retryAfterMs !== undefined) throw twice(tag);
        retryAfterMs = reader.milliseconds();
        break;
      default:
        reader.skip(tag, 14);
    }
  }
  reader.leave(outer);
  return {
    id,
    token,
    outcome,
    reason,
    exitCode,
    signal,
    error,
    result,
    startedAt,
    endedAt,
    survivors,
    outputBytes,
    nonRetryable,
    retryAfterMs,
  };
}

function twice(tag: number): WireError {
  return new WireError(`field ${tag >>> 3} is there twice`);
}

function readStart(reader: WireReader): AttemptStart {
  const outer = reader.enter();
  let id = "";
  let token = 0;
  let startedAt = 0;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) id = reader.text();
    else if (tag === 0x10) token = reader.integer();
    else if (tag === 0x1a) {
      if (startedAt !== 0) throw twice(tag);
      startedAt = reader.milliseconds();
    } else reader.skip(tag, 3);
  }
  reader.leave(outer);
  return { id, token, startedAt };
}

/** The bytes of a Payload, which are kept as they are once they are known to be one. */
function readPayload(reader: WireReader): Uint8Array {
  const bytes = reader.bytes();
  const inside = new WireReader(bytes);
  for (let tag = inside.tag(); tag !== 0; tag = inside.tag()) {
    if (tag === 0x12 || tag === 0x1a) inside.text();
    else if (tag === 0x0a) inside.passBytes();
    else inside.skip(tag, 3);
  }
  return bytes;
}
