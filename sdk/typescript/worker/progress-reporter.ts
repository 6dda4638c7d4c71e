import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ProgressReportSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";

type Report = MessageInitShape<typeof ProgressReportSchema>;

export interface ProgressReporter {
  progress(percent: number, message: string): void;
  message(text: string): void;
  heartbeat(): void;
  /** Sends what waits; nothing is sent later. */
  close(): void;
}

/** A task may say something a thousand times a second; the coordinator hears the newest of it ten times. */
const PAUSE_MS = 100;

/** Puts together what one attempt says: the newest progress, and at most the newest 100 messages at a time. */
export function createProgressReporter(
  id: string,
  fencingToken: bigint,
  send: (report: Report) => void,
): ProgressReporter {
  let percent: number | undefined;
  let note = "";
  let messages: string[] = [];
  let waiting = false;
  let closed = false;
  let pause: NodeJS.Timeout | undefined;

  const flush = (): void => {
    pause = undefined;
    if (!waiting) return;
    send({ id, fencingToken, ...(percent === undefined ? {} : { percent }), message: note, messages });
    percent = undefined;
    note = "";
    messages = [];
    waiting = false;
    if (!closed) pause = setTimeout(flush, PAUSE_MS).unref();
  };
  const say = (): void => {
    if (closed) return;
    waiting = true;
    if (pause === undefined) flush();
  };
  return {
    progress(newPercent, message) {
      percent = newPercent;
      note = message;
      say();
    },
    message(text) {
      messages.push(text);
      if (messages.length > LIMITS.messagesPerAttempt) messages.shift();
      say();
    },
    heartbeat: say,
    close() {
      closed = true;
      clearTimeout(pause);
      flush();
    },
  };
}
