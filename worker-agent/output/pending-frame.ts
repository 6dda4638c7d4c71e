import { closeSync, constants, existsSync, openSync, readSync, writeSync } from "node:fs";
import { decodeHeader, encodeFrame, FRAME_HEADER_BYTES, type Frame, LENGTH_AT } from "./frame.ts";

/**
 * The frame that is being put together, on disk as it grows: what was taken out of a command's pipe exists nowhere else,
 * and the agent may be killed at any time.
 */
export interface PendingFrame {
  /** Bytes behind those that `frame` had before; a frame with another offset is a new one. */
  add(frame: Frame): void;
  /** What a dead agent left. */
  read(): Frame | undefined;
  close(): void;
}

export function openPendingFrame(path: string): PendingFrame {
  const open = (): number => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let fd = existsSync(path) ? open() : undefined;
  let offset = -1;
  let length = 0;
  return {
    add(frame) {
      try {
        fd ??= open();
        if (frame.offset !== offset) {
          writeSync(fd, encodeFrame(frame), 0, FRAME_HEADER_BYTES + frame.data.length, 0);
          length = 0;
        } else {
          // Its length last: until then the bytes behind it do not count.
          writeSync(fd, frame.data, 0, frame.data.length, FRAME_HEADER_BYTES + length);
          writeSync(fd, lengthBytes(length + frame.data.length), 0, 4, LENGTH_AT);
        }
        offset = frame.offset;
        length += frame.data.length;
      } catch {
        // A full disk: the bytes are in memory, and are lost only if the agent is killed now.
        offset = -1;
      }
    },
    read() {
      if (fd === undefined) return undefined;
      const bytes = Buffer.alloc(FRAME_HEADER_BYTES);
      if (readSync(fd, bytes, 0, FRAME_HEADER_BYTES, 0) < FRAME_HEADER_BYTES) return undefined;
      const { length: size, ...header } = decodeHeader(bytes);
      const data = Buffer.alloc(size);
      return readSync(fd, data, 0, size, FRAME_HEADER_BYTES) < size ? undefined : { ...header, data };
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(length, 0);
  return bytes;
}
