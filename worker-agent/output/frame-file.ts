import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { decodeHeader, encodeFrame, FRAME_HEADER_BYTES, type Frame, type FrameHeader } from "./frame.ts";

/** Frames one behind the other in a file. Writes go to the page cache: they survive this process, not the machine. */
export interface FrameFile {
  /** Bytes of the file that hold whole frames. */
  readonly size: number;
  /** False: the disk took nothing of it (full, or broken). */
  append(frame: Frame): boolean;
  /** The frame that starts at `position`; undefined past the last whole frame. */
  readHeader(position: number): FrameHeader | undefined;
  readData(position: number, header: FrameHeader): Uint8Array;
  clear(): void;
  close(): void;
}

/** Opens a spool file; a frame that a dead agent wrote only in part is passed over. @throws when it cannot be made. */
export function openFrameFile(path: string): FrameFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let size = wholeBytes(fd);
  // What follows the last whole frame would be read as a frame later.
  ftruncateSync(fd, size);
  return {
    get size() {
      return size;
    },
    append(frame) {
      const bytes = encodeFrame(frame);
      try {
        let written = 0;
        while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, size + written);
        size += bytes.length;
        return true;
      } catch {
        // The part that was written is overwritten by the next frame.
        return false;
      }
    },
    readHeader: (position) => (position < size ? readHeaderAt(fd, position) : undefined),
    readData(position, header) {
      const data = Buffer.allocUnsafe(header.length);
      readSync(fd, data, 0, header.length, position + FRAME_HEADER_BYTES);
      return data;
    },
    clear() {
      ftruncateSync(fd, 0);
      size = 0;
    },
    close: () => closeSync(fd),
  };
}

/** Place of the frame behind this one. */
export function nextPosition(position: number, header: FrameHeader): number {
  return position + FRAME_HEADER_BYTES + header.length;
}

function readHeaderAt(fd: number, position: number): FrameHeader | undefined {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  const read = readSync(fd, bytes, 0, FRAME_HEADER_BYTES, position);
  return read === FRAME_HEADER_BYTES ? decodeHeader(bytes) : undefined;
}

function wholeBytes(fd: number): number {
  const { size } = fstatSync(fd);
  let position = 0;
  while (position < size) {
    const header = readHeaderAt(fd, position);
    if (header === undefined || nextPosition(position, header) > size) break;
    position = nextPosition(position, header);
  }
  return position;
}
