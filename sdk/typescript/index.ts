/** The SDK: what other programs import. Everything else is internal. */
export type { FieldViolation, StatusCode } from "../../proto/errors.ts";
export { TssError } from "../../proto/errors.ts";
export type { LockOptions } from "./client/acquire-lock.ts";
export type { Change, Client, ClientOptions, TaskFilter } from "./client/create-client.ts";
export { createClient } from "./client/create-client.ts";
export { type HeldLock, LockLostError } from "./client/hold-lock.ts";
export { TaskFailedError } from "./client/task-failed.ts";
export type { LogOptions, LogPiece, TaskExplanation, WaitOptions } from "./client/task-handle.ts";
export { TaskHandle } from "./client/task-handle.ts";
export type {
  CommandTask,
  HandlerTask,
  LockNeed,
  ProgramTask,
  RetryOptions,
  TaskOptions,
  TaskRequest,
} from "./client/task-request.ts";
export type { TaskType } from "./client/task-type.ts";
export { taskType } from "./client/task-type.ts";
export type {
  AttemptView,
  ErrorView,
  MessageView,
  ProgressView,
  Status,
  TaskView,
} from "./client/task-view.ts";
export { type AesGcmOptions, aesGcm } from "./codecs/aes-gcm.ts";
export { bytes } from "./codecs/bytes.ts";
export { type GzipOptions, gzip } from "./codecs/gzip.ts";
export { json } from "./codecs/json.ts";
export { loadCodec } from "./codecs/load-codec.ts";
export {
  type Codec,
  type PayloadCodec,
  type PayloadCodecOptions,
  type PayloadInit,
  payloadCodec,
  type Serializer,
} from "./codecs/payload-codec.ts";
export { createWorker, type Worker, type WorkerOptions } from "./worker/create-worker.ts";
export { Fatal, RetryLater, type StopCause, StoppedError } from "./worker/handler-errors.ts";
export type { AttemptContext, Handler, TypedHandler } from "./worker/handler-types.ts";
