import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
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

/**
 * A spool file; a frame that a dead agent wrote only in part is passed over. Most attempts write little or nothing: the
 * file is made by the first frame.
 */
export function openFrameFile(path: string): FrameFile {
  const open = (): number => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let fd = existsSync(path) ? open() : undefined;
  let size = fd === undefined ? 0 : wholeBytes(fd);
  return {
    get size() {
      return size;
    },
    append(frame) {
      const bytes = encodeFrame(frame);
      try {
        fd ??= open();
        let written = 0;
        while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, size + written);
        size += bytes.length;
        return true;
      } catch {
        // The part that was written is overwritten by the next frame.
        return false;
      }
    },
    readHeader: (position) => (fd !== undefined && position < size ? readHeaderAt(fd, position) : undefined),
    readData(position, header) {
      const data = Buffer.allocUnsafe(header.length);
      if (fd !== undefined) readSync(fd, data, 0, header.length, position + FRAME_HEADER_BYTES);
      return data;
    },
    clear() {
      if (fd !== undefined) ftruncateSync(fd, 0);
      size = 0;
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      size = 0;
    },
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

/** Cuts off what follows the last whole frame: it would be read as a frame later. Returns what remains. */
function wholeBytes(fd: number): number {
  const { size } = fstatSync(fd);
  let position = 0;
  while (position < size) {
    const header = readHeaderAt(fd, position);
    if (header === undefined || nextPosition(position, header) > size) break;
    position = nextPosition(position, header);
  }
  if (position < size) ftruncateSync(fd, position);
  return position;
}
