import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { decodeSubmitTasksRequest } from "../../coordinator/api/decode-submit.ts";
import type { ReceivedTask } from "../../coordinator/kernel/received-task.ts";
import type { SubmitRequest } from "../../coordinator/operations/operations.ts";
import { type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { SubmitTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";

/** A request as the edge hands it on. */
export function received(init: MessageInitShape<typeof SubmitTasksRequestSchema>): SubmitRequest {
  return decodeSubmitTasksRequest(toBinary(SubmitTasksRequestSchema, create(SubmitTasksRequestSchema, init)));
}

/** All that a task that was received asks for. */
export function specOf(task: ReceivedTask): TaskSpec {
  return fromBinary(TaskSpecSchema, task.bytes);
}
