import { TssError } from "../../proto/errors.ts";
import type { WorkAttachment, WorkerMessage, WorkerOperations, WorkStream } from "../operations/operations.ts";
import type { BidiStream } from "./bidi-stream.ts";
import type { Edge } from "./edge.ts";
import { requireProtocol } from "./require-protocol.ts";
import { StreamSender } from "./stream-sender.ts";
import { withholdSecrets } from "./withhold-secrets.ts";
import { WorkOutbox } from "./work-outbox.ts";

/** Serves one `Work` stream: its first message attaches it to a session, the others go to that session. */
export function serveWork(stream: BidiStream<WorkerMessage>, workers: WorkerOperations, edge: Edge): void {
  const { context } = stream;
  const { streamOutboxBytes, streamOutboxMaxBytes, helloMs } = edge.limits;
  const caller = context.provenCaller;
  const sender = new StreamSender(stream, streamOutboxBytes);
  const outbox = new WorkOutbox(sender, streamOutboxMaxBytes, () => context.fail(tooSlow()));
  let attachment: WorkAttachment | undefined;
  /** Received bytes whose answers wait for a slow peer: such a peer is not read either, beyond a bound. */
  let owed = 0;

  const end = (error?: Error) => {
    outbox.flush();
    outbox.close();
    stream.end(error);
  };
  const answers: WorkStream = {
    send: (answer) => outbox.send(answer),
    acknowledge: (id, token, accepted) => outbox.acknowledge(id, token, accepted),
    onDrained: (callback) => outbox.onDrained(callback),
    end,
  };
  context.shutdown = end;
  const noHello = setTimeout(() => context.fail(helloMissing()), helloMs).unref();

  const repay = () => {
    const bytes = owed;
    owed = 0;
    context.release(bytes);
  };

  stream.listen({
    message(request, bytes) {
      edge.keys.noteUse(caller.keyId);
      if (attachment) attachment.receive(request);
      else if (request.hello) {
        clearTimeout(noHello);
        requireProtocol(request.hello.worker);
        withholdSecrets(context, request.hello.worker);
        attachment = workers.attach(caller, request, answers);
        // The stream may have ended while its session was made.
        if (context.over) attachment.closed();
      } else throw helloMissing();
      if (owed === 0 && !outbox.congested) return context.release(bytes);
      if (owed === 0) outbox.onDrained(repay);
      owed += bytes;
    },
    halfClosed() {
      if (!attachment) throw helloMissing();
      end();
    },
    closed() {
      clearTimeout(noHello);
      outbox.close();
      attachment?.closed();
    },
  });
}

function helloMissing(): TssError {
  return new TssError("INVALID_ARGUMENT", "The first message of a Work stream must come at once and carry `hello`.", {
    reason: "HELLO_MISSING",
    violations: [{ field: "hello", description: "hello says who the worker is and what it can do." }],
  });
}

function tooSlow(): TssError {
  return new TssError("RESOURCE_EXHAUSTED", "The worker does not read its Work stream: connect again and read on.", {
    reason: "SLOW_READER",
    retryAfterMs: 1_000,
  });
}
