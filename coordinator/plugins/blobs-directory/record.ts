import { crc32 } from "node:zlib";

/** One chunk in a file: a head of fixed size, then the bytes. A head or body that was torn by a crash fails its check. */
export interface ChunkRecord {
  readonly offset: number;
  readonly stream: number;
  readonly at: number;
  readonly elided: number;
  readonly data: Uint8Array;
}

const HEAD_BYTES = 40;

/** Largest chunk of the contract; a head that says more is not a head. */
const MAX_DATA = 64 * 1024;

export function writeRecord(chunk: ChunkRecord): Buffer {
  const record = Buffer.alloc(HEAD_BYTES + chunk.data.length);
  record.writeUInt32LE(chunk.data.length, 4);
  record.writeDoubleLE(chunk.offset, 8);
  record.writeDoubleLE(chunk.at, 16);
  record.writeDoubleLE(chunk.elided, 24);
  record.writeUInt8(chunk.stream, 32);
  record.set(chunk.data, HEAD_BYTES);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
  return record;
}

/** The whole records at the start of a file, and how many bytes they take; what follows is torn. */
export function readRecords(file: Buffer): { records: ChunkRecord[]; bytes: number } {
  const records: ChunkRecord[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= file.length) {
    const size = file.readUInt32LE(at + 4);
    const end = at + HEAD_BYTES + size;
    if (size > MAX_DATA || end > file.length) break;
    if (file.readUInt32LE(at) !== crc32(file.subarray(at + 4, end))) break;
    records.push({
      offset: file.readDoubleLE(at + 8),
      at: file.readDoubleLE(at + 16),
      elided: file.readDoubleLE(at + 24),
      stream: file.readUInt8(at + 32),
      data: file.subarray(at + HEAD_BYTES, end),
    });
    at = end;
  }
  return { records, bytes: at };
}
