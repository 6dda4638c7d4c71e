import { once } from "node:events";
import { LogStream } from "../../../proto/gen/tss/v1/task_service_pb.js";
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
 * @param earlierErrors the newest of what an earlier agent has read of its standard error.
 */
export function readPipes(
  { stdout, stderr, control: progress }: Pick<LiveCommand, "stdout" | "stderr" | "control">,
  attempt: AttemptVoice,
  earlierErrors: Uint8Array = NOTHING,
): PipeReaders {
  const errors = createErrorTail();
  errors.push(earlierErrors);
  const control = createControlLines((event) => {
    if (event.kind === "progress") attempt.progress(event.percent, event.message);
    else if (event.kind === "message") attempt.message(event.text);
    else attempt.heartbeat();
  });
  stdout.on("data", (data: Buffer) => attempt.output(LogStream.STDOUT, data));
  stderr.on("data", (data: Buffer) => {
    errors.push(data);
    attempt.output(LogStream.STDERR, data);
  });
  progress.on("data", (data: Buffer) => control.push(data));
  const sockets = [stdout, stderr, progress];
  let open = sockets.length;
  const closed = sockets.map(async (socket) => {
    socket.on("error", () => undefined);
    await once(socket, "close").catch(() => undefined);
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
