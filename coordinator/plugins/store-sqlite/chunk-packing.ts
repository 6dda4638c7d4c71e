import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** How a chunk's bytes are kept. Numbers are stored: never renumber. */
const PLAIN = 0;
const ZSTD = 1;

/** Below this the frame costs more than it saves. */
const WORTHWHILE_BYTES = 256;

export interface PackedChunk {
  readonly packing: number;
  readonly bytes: Uint8Array;
}

/** Compressed where that makes it smaller: output is text mostly, and a chunk of 64 KiB takes well under a ms. */
export function packChunk(data: Uint8Array): PackedChunk {
  if (data.length < WORTHWHILE_BYTES) return { packing: PLAIN, bytes: data };
  const bytes = zstdCompressSync(data);
  return bytes.length < data.length ? { packing: ZSTD, bytes } : { packing: PLAIN, bytes: data };
}

export function unpackChunk(packing: number, bytes: Uint8Array): Uint8Array {
  return packing === ZSTD ? zstdDecompressSync(bytes) : bytes;
}
