import type { TaskSpec } from "../../proto/gen/tss/v1/task_pb.js";
import type { PlainTask } from "./plain-task.ts";

/** A task as it came over the wire: the bytes that are stored and leased untouched, and what they say. */
export type ReceivedTask = { readonly bytes: Uint8Array } & (
  | { readonly plain: PlainTask; readonly spec?: undefined }
  | { readonly plain?: undefined; readonly spec: TaskSpec }
);
