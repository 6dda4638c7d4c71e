import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { LogChunk } from "../../ports/blobs.ts";
import { type ChunkRecord, HEAD_BYTES, headOf, MAX_RECORD, type RecordHead, recordOf, writeRecord } from "./record.ts";

/** What an attempt's file holds. */
export interface FileState {
  /** Length of its whole records; what follows was torn by a crash. */
  readonly bytes: number;
  /** Bytes of output it has, as stretches in order that do not touch. */
  readonly covered: readonly (readonly [from: number, until: number])[];
  /** Newest chunk. */
  readonly newest: number;
}

const EMPTY: FileState = { bytes: 0, covered: [], newest: 0 };

/** Reads at least this much at a time. */
const WINDOW_BYTES = 256 * 1024;

/** What a file holds after its last crash; checks every record. */
export async function readState(path: string): Promise<FileState> {
  let state = EMPTY;
  await eachRecord(
    path,
    () => true,
    (record, end) => {
      state = grown(state, record, end);
    },
  );
  return state;
}

/**
 * Records that end beyond a place of the output, in the order of the file, until so many bytes have been read; what lies
 * before the last of them is given too, wherever in the file it is.
 */
export async function readBeyond(path: string, offset: number, maxBytes: number): Promise<readonly ChunkRecord[]> {
  const records: ChunkRecord[] = [];
  let bytes = 0;
  let furthest = 0;
  await eachRecord(
    path,
    (head) => head.offset + head.size > offset && (bytes < maxBytes || head.offset < furthest),
    (record) => {
      records.push(record);
      bytes += record.data.length;
      furthest = Math.max(furthest, record.offset);
    },
  );
  return records;
}

/**
 * Adds chunks that bring something new, and returns what the file holds then. They are on the disk when it returns. A
 * torn end is cut off first.
 */
export async function addChunks(path: string, state: FileState, chunks: readonly LogChunk[]): Promise<FileState> {
  const fresh: Buffer[] = [];
  let next = state;
  for (const chunk of chunks) {
    if (isCovered(next, chunk)) continue;
    const record = writeRecord(chunk);
    fresh.push(record);
    next = grown(next, chunk, next.bytes + record.length);
  }
  if (fresh.length === 0) return state;
  const file = await openForWriting(path, state.bytes === 0);
  try {
    await file.truncate(state.bytes);
    await file.write(Buffer.concat(fresh), 0, null, state.bytes);
    // Retention goes by the newest chunk, and the time of the file is where it is found without reading.
    await file.utimes(next.newest / 1_000, next.newest / 1_000);
    await file.datasync();
  } finally {
    await file.close();
  }
  return next;
}

async function openForWriting(path: string, isNew: boolean): Promise<FileHandle> {
  if (!isNew) return open(path, "r+");
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "a", 0o600);
  await file.close();
  await syncDirectory(dirname(path));
  return open(path, "r+");
}

/** A new name is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Visits the wanted ones of the whole records from the start of a file; others are passed by their heads. */
async function eachRecord(
  path: string,
  wanted: (head: RecordHead) => boolean,
  visit: (record: ChunkRecord, end: number) => void,
): Promise<void> {
  const file = await openOrNull(path);
  if (file === null) return;
  try {
    let window: Buffer = Buffer.alloc(0);
    let windowAt = 0;
    let isLast = false;
    for (let at = 0; ; ) {
      if (!isLast && at + MAX_RECORD > windowAt + window.length) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES, at);
        window = buffer.subarray(0, bytesRead);
        windowAt = at;
        isLast = bytesRead < WINDOW_BYTES;
      }
      const rest = window.subarray(at - windowAt);
      const head = headOf(rest);
      if (head === null) return;
      const length = HEAD_BYTES + head.size;
      const record = wanted(head) ? recordOf(rest.subarray(0, length)) : undefined;
      if (record === null || length > rest.length) return;
      if (record !== undefined) visit(record, at + length);
      at += length;
    }
  } finally {
    await file.close();
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isCovered({ covered }: FileState, { offset, data }: { readonly offset: number; readonly data: Uint8Array }) {
  const until = offset + data.length;
  return covered.some(([from, end]) => from <= offset && until <= end);
}

type Piece = Pick<ChunkRecord, "offset" | "at" | "data">;

function grown(state: FileState, { offset, at, data }: Piece, bytes: number): FileState {
  const merged: [number, number][] = [];
  const added: [number, number] = [offset, offset + data.length];
  for (const [from, until] of [...state.covered, added].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], until);
    else merged.push([from, until]);
  }
  return { bytes, covered: merged, newest: Math.max(state.newest, at) };
}
