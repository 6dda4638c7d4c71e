import type { TaskRef } from "../kernel/task-ref.ts";

/** Output of attempts, kept apart from the flush on a connection of its own. `test/contract/blobs-exam.ts` is its exam. */
export interface Blobs {
  /**
   * Keeps a chunk, on the disk when this returns; one that is there (same attempt and offset) is left as it is, unless the
   * new one is longer: a worker that connects anew cuts its output at other places.
   */
  append(chunks: readonly LogChunk[]): Promise<void>;
  /** Chunks that end beyond `offset`, in order and each byte once, until `maxBytes` have been given (at least one chunk). */
  read(ref: TaskRef, attempt: number, offset: number, maxBytes: number): Promise<readonly LogChunk[]>;
  /** Deletes output whose newest chunk is older; returns the bytes freed. */
  prune(before: number): Promise<number>;
  close(): Promise<void>;
}

export interface LogChunk {
  readonly ref: TaskRef;
  readonly attempt: number;
  /** Place of the first byte in the attempt's output, both streams counted together. */
  readonly offset: number;
  /** LogStream: 1 stdout, 2 stderr. */
  readonly stream: number;
  readonly at: number;
  /** At most 64 KiB. */
  readonly data: Uint8Array;
  /** Bytes the worker left out before `data`. */
  readonly elided: number;
}
