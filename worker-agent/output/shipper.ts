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
  /** Nothing is sent any more. */
  close(): void;
  /** Everything has been handed to the connection. */
  readonly sent: Promise<void>;
  /** Everything is kept over there, or was left out and said so. */
  readonly settled: Promise<void>;
}

/** A frame, and how many bytes of the output before it were left out. */
export type SendFrame = (frame: Frame, elidedBytes: number) => void;

/** Bytes on their way per attempt: enough for a fast link, and little to repeat after a reconnect. */
const WINDOW_BYTES = 1024 * 1024;
/** A coordinator with too much to write drops output without a word: it gets it again after this long. */
const REPEAT_MS = 5_000;
const NOTHING = new Uint8Array(0);

interface Flight {
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Sends a spool by offset, at most 1 MiB ahead of the acknowledgements. The head goes while the attempt runs; the tail
 * once at its end, its first frame saying how many bytes are missing before it.
 */
export function createShipper(spool: Spool, send: SendFrame): Shipper {
  let position = 0;
  let sentEnd = 0;
  let flights: Flight[] = [];
  let full = false;
  let finished = false;
  let closed = false;
  let rewound = false;
  let tailEnd: number | undefined;
  let timer: NodeJS.Timeout | undefined;
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
    if (tailEnd === sentEnd && flights.length === 0) settle();
  };
  const settle = (): void => {
    clearTimeout(timer);
    settled.resolve();
  };
  const isFlying = (): boolean => flights.length > 0 || (tailEnd !== undefined && tailEnd > sentEnd);
  const watch = (): void => {
    clearTimeout(timer);
    if (!closed && isFlying()) timer = setTimeout(resend, REPEAT_MS).unref();
  };
  const pump = (): void => {
    if (closed) return;
    const wasFlying = isFlying();
    while (!full && sentEnd - (flights[0]?.start ?? sentEnd) < WINDOW_BYTES) {
      const spooled = spool.headFrame(position);
      if (spooled === undefined) break;
      const { offset: start, data } = spooled.frame;
      flights.push({ position, start, end: start + data.length });
      send(spooled.frame, 0);
      position = spooled.next;
      sentEnd = start + data.length;
    }
    if (finished && tailEnd === undefined && (full || spool.headFrame(position) === undefined)) sendTail();
    if (!wasFlying) watch();
  };
  const rewind = (): void => {
    const first = flights[0];
    if (first !== undefined) {
      position = first.position;
      sentEnd = first.start;
    }
    flights = [];
    tailEnd = undefined;
  };
  const resend = (): void => {
    rewind();
    pump();
    watch();
  };

  return {
    pump,
    resend,
    acknowledge(offset, isFull) {
      const known = flights.length;
      while (flights[0] !== undefined && flights[0].end <= offset) flights.shift();
      const isProgress = flights.length < known;
      if (isFull && !full) {
        full = true;
        flights = [];
        sentEnd = offset;
        spool.closeHead();
      } else if (full) {
        // Chunks that were on their way when it had enough may have been kept all the same.
        if (tailEnd === undefined) sentEnd = Math.max(sentEnd, offset);
      } else if (isProgress) rewound = false;
      else if (flights[0] !== undefined && offset <= flights[0].start && !rewound) {
        // It waits for a chunk that it dropped; every later one on its way will be answered like this.
        rewound = true;
        rewind();
      }
      if (tailEnd !== undefined && offset >= tailEnd) settle();
      else if (isProgress) watch();
      pump();
    },
    finish() {
      finished = true;
      pump();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
    sent: sent.promise,
    settled: settled.promise,
  };
}
