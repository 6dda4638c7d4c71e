import { TssError } from "../../proto/errors.ts";
import type { TaskOperations } from "../operations/operations.ts";
import type { BidiStream } from "./bidi-stream.ts";
import type { StreamedSubmit } from "./decode-submit.ts";
import type { EdgeLimits } from "./edge-limits.ts";
import { encodeSubmitStreamResponse } from "./encode-submit.ts";
import { StreamSender } from "./stream-sender.ts";

/**
 * Serves one `SubmitStream`: every message is submitted as it comes and answered in its turn. A message that is refused
 * as a whole is answered with its error and the stream goes on.
 */
export function serveSubmitStream(
  stream: BidiStream<StreamedSubmit>,
  tasks: TaskOperations,
  limits: Pick<EdgeLimits, "streamOutboxBytes">,
): void {
  const { context } = stream;
  const caller = context.provenCaller;
  const sender = new StreamSender(stream, limits.streamOutboxBytes);
  let answered: Promise<void> = Promise.resolve();
  let ending = false;

  async function submit({ sequence, request }: StreamedSubmit): Promise<Buffer> {
    try {
      if (request === undefined) throw requestMissing();
      return encodeSubmitStreamResponse(sequence, await tasks.submitTasks(caller, request));
    } catch (error) {
      return encodeSubmitStreamResponse(sequence, context.explain(error));
    }
  }

  /** Bytes of a message are given free only when the peer took its answer: who does not read is not read. */
  async function answerInTurn(before: Promise<void>, answer: Promise<Buffer>, bytes: number) {
    await before;
    const response = await answer;
    if (context.over) return;
    if (!sender.write(response)) await sender.drained(context.signal);
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
