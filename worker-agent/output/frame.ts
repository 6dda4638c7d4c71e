import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";

/** A piece of an attempt's output as it lies in the spool. */
export interface Frame {
  /** Place of its first byte in the attempt's output, both streams counted together. */
  readonly offset: number;
  readonly stream: LogStream;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly data: Uint8Array;
}

/** offset f64, at f64, length u32, stream u8, three bytes of nothing. */
export const FRAME_HEADER_BYTES = 24;
/** Place of the length in a header. */
export const LENGTH_AT = 16;

export function encodeFrame(frame: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + frame.data.length);
  bytes.writeDoubleLE(frame.offset, 0);
  bytes.writeDoubleLE(frame.at, 8);
  bytes.writeUInt32LE(frame.data.length, LENGTH_AT);
  bytes.writeUInt32LE(frame.stream, 20);
  bytes.set(frame.data, FRAME_HEADER_BYTES);
  return bytes;
}

export interface FrameHeader {
  readonly offset: number;
  readonly at: number;
  readonly length: number;
  readonly stream: LogStream;
}

export function decodeHeader(bytes: Buffer): FrameHeader {
  return {
    offset: bytes.readDoubleLE(0),
    at: bytes.readDoubleLE(8),
    length: bytes.readUInt32LE(LENGTH_AT),
    stream: bytes.readUInt32LE(20) === LogStream.STDERR ? LogStream.STDERR : LogStream.STDOUT,
  };
}
