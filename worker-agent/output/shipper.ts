import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Frame } from "./frame.ts";
import type { Spool } from "./spool.ts";

export interface Shipper {
  /** New frames may be in the spool. */
  pump(): void;
  /** Every byte before `offset` is kept there; `full`: no more is wanted but the tail at the end. */
  acknowledge(offset: number, full: boolean): void;
  /** A new connection: what was not acknowledged is sent again. */
  resend(): void;
  /** The attempt's output is complete: the tail may go. */
  finish(): void;
  /** Everything has been handed to the connection. */
  readonly sent: Promise<void>;
  /** Everything is kept over there, or was left out and said so. */
  readonly settled: Promise<void>;
}

/** A frame, and how many bytes of the output before it were left out. */
export type SendFrame = (frame: Frame, elidedBytes: number) => void;

/** Bytes on their way per attempt: enough for a fast link, and little to repeat after a reconnect. */
const WINDOW_BYTES = 1024 * 1024;
const NOTHING = new Uint8Array(0);

interface Flight {
  readonly position: number;
  readonly end: number;
  readonly bytes: number;
}

/**
 * Sends a spool by offset, at most 1 MiB ahead of the acknowledgements. The head goes while the attempt runs; the tail
 * once at its end, its first frame saying how many bytes are missing before it.
 */
export function createShipper(spool: Spool, send: SendFrame): Shipper {
  let position = 0;
  let sentEnd = 0;
  let flights: Flight[] = [];
  let flying = 0;
  let full = false;
  let finished = false;
  let tailEnd: number | undefined;
  const sent = Promise.withResolvers<void>();
  const settled = Promise.withResolvers<void>();

  const sendTail = (): void => {
    let expected = sentEnd;
    for (const frame of spool.tailFrames(sentEnd)) {
      send(frame, frame.offset - expected);
      expected = frame.offset + frame.data.length;
    }
    const missing = spool.totalBytes - expected;
    // What the disk did not take at the very end has no frame behind it that could say so.
    if (missing > 0) send({ offset: spool.totalBytes, stream: LogStream.STDOUT, at: 0, data: NOTHING }, missing);
    tailEnd = spool.totalBytes;
    sent.resolve();
    if (tailEnd === sentEnd && flights.length === 0) settled.resolve();
  };

  const pump = (): void => {
    while (!full && flying < WINDOW_BYTES) {
      const spooled = spool.headFrame(position);
      if (spooled === undefined) break;
      const end = spooled.frame.offset + spooled.frame.data.length;
      flights.push({ position, end, bytes: spooled.frame.data.length });
      flying += spooled.frame.data.length;
      send(spooled.frame, 0);
      position = spooled.next;
      sentEnd = end;
    }
    if (finished && tailEnd === undefined && (full || spool.headFrame(position) === undefined)) sendTail();
  };

  return {
    pump,
    acknowledge(offset, isFull) {
      while (flights[0] !== undefined && flights[0].end <= offset) flying -= flights.shift()?.bytes ?? 0;
      if (isFull && !full) {
        full = true;
        flights = [];
        flying = 0;
        sentEnd = offset;
        spool.closeHead();
      }
      if (tailEnd !== undefined && offset >= tailEnd) settled.resolve();
      pump();
    },
    resend() {
      const first = flights[0];
      if (first !== undefined) {
        position = first.position;
        flights = [];
        flying = 0;
      }
      tailEnd = undefined;
      pump();
    },
    finish() {
      finished = true;
      pump();
    },
    sent: sent.promise,
    settled: settled.promise,
  };
}
