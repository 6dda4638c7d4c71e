import type { TailLogsResponse } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { OutputFrame } from "./frames.ts";

/** A stretch of output as JSON, the same for followers of the live stream and for GET /task/logs as events. */
export function outputFrame(chunk: TailLogsResponse): Omit<OutputFrame, "topic"> {
  const { at } = chunk;
  return {
    attempt: chunk.attempt,
    offset: Number(chunk.offset),
    stream: chunk.stream === 2 ? "stderr" : "stdout",
    data: Buffer.from(chunk.data).toString("base64"),
    ...(at === undefined ? {} : { at: new Date(Number(at.seconds) * 1_000 + at.nanos / 1e6).toISOString() }),
    elidedBytes: Number(chunk.elidedBytes),
    end: chunk.end,
  };
}
