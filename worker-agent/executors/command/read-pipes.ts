import { once } from "node:events";
import { LogStream } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { RedactedStream, Redaction, StreamName } from "../../redaction/redaction.ts";
import type { AttemptVoice } from "../executor.ts";
import { createControlLines } from "./control-lines.ts";
import { createErrorTail } from "./error-tail.ts";
import type { LiveCommand } from "./launch.ts";

const NOTHING = new Uint8Array(0);

export interface PipeReaders {
  /** Resolves when every holder of every pipe has let go. */
  readonly ended: Promise<void>;
  /** Stops reading; whoever still writes gets SIGPIPE. Returns whether anybody still could. */
  close(): boolean;
  lastError(): string;
}

/**
 * Carries what the command writes to the attempt, as it comes.
 * @param redaction masks what must not be seen, before anything else sees it.
 * @param earlierErrors the newest of what an earlier agent has read of its standard error.
 */
export function readPipes(
  { stdout, stderr, control: progress }: Pick<LiveCommand, "stdout" | "stderr" | "control">,
  attempt: AttemptVoice,
  redaction?: Redaction,
  earlierErrors: Uint8Array = NOTHING,
): PipeReaders {
  const errors = createErrorTail();
  errors.push(earlierErrors);
  // JSON has more ways to write a value: it is looked for before and after.
  const clean = (text: string): string => redaction?.text(text) ?? text;
  const control = createControlLines((event) => {
    if (event.kind === "progress") attempt.progress(event.percent, clean(event.message));
    else if (event.kind === "message") attempt.message(clean(event.text));
    else attempt.heartbeat();
  });
  const through = (name: StreamName, take: (data: Uint8Array) => void): RedactedStream =>
    redaction?.stream(name, take) ?? { push: take, end: () => undefined };
  const streams = [
    through("stdout", (data) => attempt.output(LogStream.STDOUT, data)),
    through("stderr", (data) => {
      errors.push(data);
      attempt.output(LogStream.STDERR, data);
    }),
    through("control", (data) => control.push(data)),
  ];
  const sockets = [stdout, stderr, progress];
  let open = sockets.length;
  const closed = sockets.map(async (socket, at) => {
    const stream = streams[at] as RedactedStream;
    socket.on("data", (data: Buffer) => stream.push(data));
    socket.on("error", () => undefined);
    // One that was opened again may have come to its end while other commands were taken up.
    if (!socket.closed) await once(socket, "close").catch(() => undefined);
    stream.end();
    open -= 1;
  });
  const ended = Promise.all(closed).then(() => control.end());
  return {
    ended,
    close() {
      const held = open > 0;
      for (const socket of sockets) socket.destroy();
      return held;
    },
    lastError: () => errors.lastLine(),
  };
}
