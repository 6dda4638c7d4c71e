import type { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Frame } from "./frame.ts";

export interface Collector {
  /** Bytes of output so far. */
  readonly totalBytes: number;
  push(stream: LogStream, data: Uint8Array): void;
  /** Writes out what waits. */
  flush(): void;
}

/** Output that comes in drops is put together for this long; a follower does not notice. */
const FLUSH_MS = 100;

/**
 * Cuts the bytes of both streams into frames of at most 64 KiB under one running offset. The first bytes after a pause
 * leave at once, later ones within 100 ms, or as soon as a frame is full.
 * @param from where the output goes on.
 * @param hold told of bytes that wait, as a part of the frame that `keep` will be given.
 */
export function createCollector(
  clock: Clock,
  from: number,
  keep: (frame: Frame) => void,
  hold: (part: Frame) => void,
): Collector {
  let total = from;
  let stream: LogStream | undefined;
  let parts: Uint8Array[] = [];
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let flushedAt = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === 0 || stream === undefined) return;
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, waiting);
    parts = [];
    waiting = 0;
    flushedAt = clock.monotonic();
    const at = clock.now();
    for (let start = 0; start < bytes.length; start += LIMITS.logChunkBytes) {
      const data = bytes.subarray(start, start + LIMITS.logChunkBytes);
      keep({ offset: total, stream, at, data });
      total += data.length;
    }
  };

  return {
    get totalBytes() {
      return total + waiting;
    },
    push(source, data) {
      if (data.length === 0) return;
      if (stream !== source) flush();
      stream = source;
      parts.push(data);
      waiting += data.length;
      const dueIn = Math.min(FLUSH_MS, flushedAt + FLUSH_MS - clock.monotonic());
      if (waiting >= LIMITS.logChunkBytes || (timer === undefined && dueIn <= 0)) return flush();
      hold({ offset: total, stream, at: clock.now(), data });
      timer ??= setTimeout(flush, dueIn);
    },
    flush,
  };
}
