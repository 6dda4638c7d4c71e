import { join } from "node:path";
import { FRAME_HEADER_BYTES, type Frame, type FrameHeader } from "./frame.ts";
import { type FrameFile, nextPosition, openFrameFile } from "./frame-file.ts";
import { openPendingFrame } from "./pending-frame.ts";

/**
 * The output of one attempt on disk: its head as it came, and when the head is full the newest of the rest.
 *
 * The head is shipped while the attempt runs and read again after a reconnect. The tail is two files that take turns:
 * when the newer is full the older is emptied, so that between one and two times `tailBytes` of file remain. What lies
 * between head and tail is left out, and the gap in the offsets says how much. A command therefore never waits for the
 * coordinator, and an attempt never takes more than 2 × (headBytes + tailBytes) of disk, however small its frames are.
 */
export interface Spool {
  /** Bytes of output so far, kept or not. */
  readonly totalBytes: number;
  append(frame: Frame): void;
  /** Keeps bytes of a frame that is to be appended when it is whole, should the agent be killed before. */
  hold(part: Frame): void;
  /** No more goes to the head: the coordinator keeps no further byte of it. */
  closeHead(): void;
  /** The frame of the head at this place of its file; undefined where none is yet. */
  headFrame(position: number): SpooledFrame | undefined;
  /** Kept frames of the newest `tailBytes` that start at or behind `from`, oldest first. */
  tailFrames(from: number): Generator<Frame>;
  close(): void;
}

export interface SpooledFrame {
  readonly frame: Frame;
  /** Where the next frame starts. */
  readonly next: number;
}

export interface SpoolLimits {
  readonly headBytes: number;
  readonly tailBytes: number;
}

/** The head's file may be this much larger than its output: every frame has a header. */
const HEAD_FILE_FACTOR = 2;

/** Opens the spool in an attempt's directory, with what a dead agent left in it. */
export function openSpool(directory: string, limits: SpoolLimits): Spool {
  const head = openFrameFile(join(directory, "output.head"));
  let older = openFrameFile(join(directory, "output.tail0"));
  let newer = openFrameFile(join(directory, "output.tail1"));
  if (firstOffset(older) > firstOffset(newer)) [older, newer] = [newer, older];
  let total = Math.max(endOffset(head), endOffset(older), endOffset(newer));
  let headOpen = older.size === 0 && newer.size === 0;
  const pending = openPendingFrame(join(directory, "output.part"));
  const spool: Spool = {
    get totalBytes() {
      return total;
    },
    append(frame) {
      total = frame.offset + frame.data.length;
      const fits = total <= limits.headBytes && head.size <= HEAD_FILE_FACTOR * limits.headBytes;
      if (headOpen && fits && head.append(frame)) return;
      headOpen = false;
      if (newer.size + FRAME_HEADER_BYTES + frame.data.length > limits.tailBytes) {
        [older, newer] = [newer, older];
        newer.clear();
      }
      // A disk that takes nothing leaves a gap in the offsets, which is reported like any other.
      newer.append(frame);
    },
    hold: pending.add,
    closeHead() {
      headOpen = false;
    },
    headFrame(position) {
      const header = head.readHeader(position);
      if (header === undefined) return undefined;
      return { frame: withData(head, position, header), next: nextPosition(position, header) };
    },
    *tailFrames(from) {
      for (const file of [head, older, newer])
        for (const [position, header] of headers(file))
          if (header.offset >= from && header.offset + header.length > total - limits.tailBytes)
            yield withData(file, position, header);
    },
    close() {
      for (const file of [head, older, newer, pending]) file.close();
    },
  };
  const part = pending.read();
  // One that was appended since lies before the end.
  if (part?.offset === total && part.data.length > 0) spool.append(part);
  return spool;
}

function withData(file: FrameFile, position: number, header: FrameHeader): Frame {
  return { offset: header.offset, at: header.at, stream: header.stream, data: file.readData(position, header) };
}

function* headers(file: FrameFile): Generator<[position: number, header: FrameHeader]> {
  let position = 0;
  for (let header = file.readHeader(0); header !== undefined; header = file.readHeader(position)) {
    yield [position, header];
    position = nextPosition(position, header);
  }
}

function firstOffset(file: FrameFile): number {
  return file.readHeader(0)?.offset ?? -1;
}

function endOffset(file: FrameFile): number {
  let end = 0;
  for (const [, header] of headers(file)) end = header.offset + header.length;
  return end;
}
