import { crc32 } from "node:zlib";

/** One chunk in a file: a head of fixed size, then the bytes. A head or body that was torn by a crash fails its check. */
export interface ChunkRecord {
  readonly offset: number;
  readonly stream: number;
  readonly at: number;
  readonly elided: number;
  readonly data: Uint8Array;
}

export const HEAD_BYTES = 40;

/** Largest chunk of the contract; a head that says more is not a head. */
const MAX_DATA = 64 * 1024;
export const MAX_RECORD = HEAD_BYTES + MAX_DATA;

export function writeRecord(chunk: ChunkRecord): Buffer {
  const record = Buffer.alloc(HEAD_BYTES + chunk.data.length);
  record.writeUInt32LE(chunk.data.length, 4);
  record.writeDoubleLE(chunk.offset, 8);
  record.writeDoubleLE(chunk.at, 16);
  record.writeDoubleLE(chunk.elided, 24);
  record.writeUInt8(chunk.stream, 32);
  // The head has a check of its own, so that records may be skipped without reading what they hold.
  record.writeUInt32LE(crc32(record.subarray(4, 36)), 36);
  record.set(chunk.data, HEAD_BYTES);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
  return record;
}

export interface RecordHead {
  readonly offset: number;
  readonly size: number;
}

/** Place and size of the record that begins here; null: none does, or its head was torn. */
export function headOf(bytes: Buffer): RecordHead | null {
  if (bytes.length < HEAD_BYTES || bytes.readUInt32LE(36) !== crc32(bytes.subarray(4, 36))) return null;
  const size = bytes.readUInt32LE(4);
  return size > MAX_DATA ? null : { offset: bytes.readDoubleLE(8), size };
}

/** The record that these bytes are, from a head that is whole; null: its body was torn. */
export function recordOf(bytes: Buffer): ChunkRecord | null {
  const size = bytes.readUInt32LE(4);
  if (bytes.length < HEAD_BYTES + size || bytes.readUInt32LE(0) !== crc32(bytes.subarray(4))) return null;
  return {
    offset: bytes.readDoubleLE(8),
    at: bytes.readDoubleLE(16),
    elided: bytes.readDoubleLE(24),
    stream: bytes.readUInt8(32),
    data: bytes.subarray(HEAD_BYTES),
  };
}
