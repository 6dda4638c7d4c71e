import { once } from "node:events";
import { LogStream } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { RunningAttempt } from "../executor.ts";
import { createControlLines } from "./control-lines.ts";
import { createErrorTail } from "./error-tail.ts";
import type { Launched } from "./launch.ts";

export interface PipeReaders {
  /** Resolves when every holder of every pipe has let go. */
  readonly ended: Promise<void>;
  /** Stops reading; whoever still writes gets SIGPIPE. Returns whether anybody still could. */
  close(): boolean;
  lastError(): string;
}

type Running = Extract<Launched, { kind: "launched" }>;

/** Carries what the command writes to the attempt, as it comes. */
export function readPipes(launched: Running, attempt: RunningAttempt): PipeReaders {
  const errors = createErrorTail();
  const control = createControlLines((event) => {
    if (event.kind === "progress") attempt.progress(event.percent, event.message);
    else if (event.kind === "message") attempt.message(event.text);
    else attempt.heartbeat();
  });
  launched.stdout.on("data", (data: Buffer) => attempt.output(LogStream.STDOUT, data));
  launched.stderr.on("data", (data: Buffer) => {
    errors.push(data);
    attempt.output(LogStream.STDERR, data);
  });
  launched.control.on("data", (data: Buffer) => control.push(data));
  const sockets = [launched.stdout, launched.stderr, launched.control];
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
