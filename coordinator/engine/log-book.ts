import type { Logger } from "../../runtime/logger.ts";
import { refKey, type TaskRef } from "../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../ports/blobs.ts";

/** Bytes of output that may wait to be kept; past it agents get no acknowledgement and hold. */
const WAITING_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 500;
/** Read at a time to find out how much there is. */
const MEASURE_BYTES = 1024 * 1024;

/** Attempts whose place is remembered. */
const STREAMS = 100_000;

/** What a worker keeps of the end of its output and sends last. */
const TAIL_BYTES = 256 * 1024;

export interface LogProgress {
  /** Every byte before this place is kept or was left out on purpose. */
  readonly offset: number;
  /** The cap is reached: send the tail at the end. */
  readonly full: boolean;
}

/**
 * Output of attempts on its way from agents to the blobs, and to who follows it. Acknowledged when it is kept; the head of
 * an attempt is kept up to a limit, and its tail when the worker sends it after a gap.
 */
export class LogBook {
  readonly #blobs: Blobs;
  readonly #limit: number;
  readonly #logger: Logger;
  readonly #streams = new Map<string, { end: number; kept: number }>();
  readonly #followers = new Map<string, Set<() => void>>();
  #queue: { chunks: LogChunk[]; bytes: number; done: ((ok: boolean) => void)[] } = { chunks: [], bytes: 0, done: [] };
  #writing = false;
  #idle: (() => void)[] = [];
  #closed = false;

  /** @param limit bytes of one attempt that are kept while it runs. */
  constructor(blobs: Blobs, limit: number, logger: Logger) {
    this.#blobs = blobs;
    this.#limit = limit;
    this.#logger = logger;
  }

  /** Calls back once the chunk is kept. A chunk past the limit or out of place is answered with what is wanted. */
  append(chunk: LogChunk, acknowledge: (progress: LogProgress) => void): void {
    const key = streamKey(chunk.ref, chunk.attempt);
    // After a restart the worker goes on where it was acknowledged: what came before is kept.
    const stream = this.#streams.get(key) ?? { end: chunk.offset, kept: chunk.offset - chunk.elided };
    this.#streams.set(key, stream);
    // Attempts that were lost are never said to have ended. Who is still heard of after that goes on where it was.
    if (this.#streams.size > STREAMS) this.#streams.delete(this.#streams.keys().next().value as string);
    const after = chunk.offset + chunk.data.length;
    const isTail = chunk.elided > 0;
    if (after <= stream.end) return acknowledge({ offset: stream.end, full: stream.kept >= this.#limit });
    if (chunk.offset > stream.end && !isTail) return acknowledge({ offset: stream.end, full: false });
    // A worker that is told "full" sends its last part at the end; without a gap before it, it looks like more of the same.
    if (stream.kept >= this.#limit + TAIL_BYTES && !isTail && !this.#pastGap(stream))
      return acknowledge({ offset: stream.end, full: true });
    if (this.#queue.bytes > WAITING_BYTES) return;
    stream.end = after;
    stream.kept += chunk.data.length;
    this.#queue.chunks.push(chunk);
    this.#queue.bytes += chunk.data.length;
    this.#queue.done.push(() => {
      acknowledge({ offset: after, full: stream.kept >= this.#limit });
      for (const follower of this.#followers.get(key) ?? []) follower();
    });
    void this.#write();
  }

  /** After a gap the worker sends its tail, which it has cut to size itself. */
  #pastGap(stream: { end: number; kept: number }): boolean {
    return stream.end > stream.kept;
  }

  read(ref: TaskRef, attempt: number, offset: number, maxBytes: number): Promise<readonly LogChunk[]> {
    return this.#blobs.read(ref, attempt, offset, maxBytes);
  }

  /** Calls back whenever more of the attempt's output is kept. @returns the end of it. */
  follow(ref: TaskRef, attempt: number, listener: () => void): () => void {
    const key = streamKey(ref, attempt);
    const listeners = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#followers.delete(key);
    };
  }

  /** Resolves when everything that has come in is kept. */
  settled(): Promise<void> {
    if (!this.#writing && this.#queue.chunks.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** No attempt has written anything that is not forgotten. */
  get isEmpty(): boolean {
    return this.#streams.size === 0;
  }

  /** Whether the attempt has written anything that is not forgotten. */
  knows(ref: TaskRef, attempt: number): boolean {
    return this.#streams.size > 0 && this.#streams.has(streamKey(ref, attempt));
  }

  /**
   * How many of the bytes an attempt wrote are kept, now that no more of them come. At once where it is known here; else
   * (the output came to an owner before) it is looked up.
   */
  keptBytes(ref: TaskRef, attempt: number, written: number): number | Promise<number> {
    if (written === 0) return 0;
    const stream = this.#streams.get(streamKey(ref, attempt));
    if (stream !== undefined) return Math.min(stream.kept, written);
    return this.#measure(ref, attempt).catch((error: Error) => {
      this.#logger.warn({ error: error.message }, "it cannot be looked up how much of an output is kept");
      return 0;
    });
  }

  async #measure(ref: TaskRef, attempt: number): Promise<number> {
    let bytes = 0;
    for (let offset = 0; ; ) {
      const chunks = await this.#blobs.read(ref, attempt, offset, MEASURE_BYTES);
      for (const chunk of chunks) {
        bytes += chunk.data.length - Math.max(offset - chunk.offset, 0);
        offset = chunk.offset + chunk.data.length;
      }
      if (chunks.length === 0) return bytes;
    }
  }

  /** The attempt has ended and no more of it comes. */
  forget(ref: TaskRef, attempt: number): void {
    this.#streams.delete(streamKey(ref, attempt));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#blobs.close();
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#queue.chunks.length > 0 && !this.#closed) {
      const { chunks, done } = this.#queue;
      this.#queue = { chunks: [], bytes: 0, done: [] };
      while (!this.#closed) {
        try {
          await this.#blobs.append(chunks);
          for (const settle of done) settle(true);
          break;
        } catch (error) {
          this.#logger.warn({ error: (error as Error).message }, "output cannot be kept now; trying again");
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
        }
      }
    }
    this.#writing = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function streamKey(ref: TaskRef, attempt: number): string {
  return `${refKey(ref)}/${attempt}`;
}
