import { create, toBinary } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type SubmitStreamRequest,
  type SubmitStreamResponse,
  SubmitStreamResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import type { TaskOperations } from "../operations/operations.ts";
import type { BidiStream } from "./bidi-stream.ts";
import type { EdgeLimits } from "./edge-limits.ts";
import { StreamSender } from "./stream-sender.ts";

/**
 * Serves one `SubmitStream`: every message is submitted as it comes and answered in its turn. A message that is refused
 * as a whole is answered with its error and the stream goes on.
 */
export function serveSubmitStream(
  stream: BidiStream<SubmitStreamRequest>,
  tasks: TaskOperations,
  limits: Pick<EdgeLimits, "streamOutboxBytes">,
): void {
  const { context } = stream;
  const caller = context.provenCaller;
  const sender = new StreamSender(stream, limits.streamOutboxBytes);
  let answered: Promise<void> = Promise.resolve();
  let ending = false;

  async function submit({ sequence, request }: SubmitStreamRequest): Promise<SubmitStreamResponse> {
    try {
      if (request === undefined) throw requestMissing();
      const response = await tasks.submitTasks(caller, request);
      return create(SubmitStreamResponseSchema, { sequence, answer: { case: "response", value: response } });
    } catch (error) {
      const value = toRpcStatus(context.explain(error));
      return create(SubmitStreamResponseSchema, { sequence, answer: { case: "error", value } });
    }
  }

  /** Bytes of a message are given free only when the peer took its answer: who does not read is not read. */
  async function answerInTurn(before: Promise<void>, answer: Promise<SubmitStreamResponse>, bytes: number) {
    await before;
    const response = await answer;
    if (context.over) return;
    if (!sender.write(toBinary(SubmitStreamResponseSchema, response))) await sender.drained(context.signal);
    context.release(bytes);
  }

  const endAfterAnswers = (error?: TssError) => {
    ending = true;
    void answered.then(() => stream.end(error));
  };
  context.shutdown = endAfterAnswers;

  stream.listen({
    message(message, bytes) {
      if (ending) return;
      answered = answerInTurn(answered, submit(message), bytes);
    },
    halfClosed: () => endAfterAnswers(),
    closed() {},
  });
}

function requestMissing(): TssError {
  return new TssError("INVALID_ARGUMENT", "A message of a SubmitStream must carry `request`.", {
    violations: [{ field: "request", description: "request holds the tasks." }],
  });
}
