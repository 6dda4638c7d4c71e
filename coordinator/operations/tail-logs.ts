import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type TailLogsRequest,
  type TailLogsResponse,
  TailLogsResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { attemptNumber } from "../engine/item.ts";
import type { LogBook } from "../engine/log-book.ts";
import { reading } from "../engine/reading.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import { toTimestamp } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { LogChunk } from "../ports/blobs.ts";
import { EVENT, type StoredTask } from "../ports/rows.ts";
import { findTask, readId } from "./find-task.ts";

/** Bytes read from the store at a time. */
const PAGE_BYTES = 512 * 1024;

/** The output of one attempt from a place, or (following) of every attempt until the task has ended. */
export async function* tailLogs(
  state: EngineState,
  logs: LogBook,
  request: TailLogsRequest,
  signal: AbortSignal,
): AsyncIterable<TailLogsResponse> {
  const ref = readId(state, request.id);
  const found = new Violations();
  found.number("offset", Number(request.offset), 0, Number.MAX_SAFE_INTEGER);
  found.check();
  let stored = await findTask(state, request.id);
  checkAttempt(stored, request);
  let attempt = request.attempt || Math.max(newestAttempt(stored), 1);
  let offset = Number(request.offset);
  const news = new News(signal);
  const stopTask = state.changes.onTask(ref, news.tell);
  let stopLog = logs.follow(ref, attempt, news.tell);
  try {
    for (;;) {
      news.clear();
      const over = isOver(state, stored, ref, attempt);
      // The last of the output may still be on its way to where it is kept.
      if (over) await logs.settled();
      for await (const chunk of readAll(logs, ref, attempt, offset)) {
        if (signal.aborted) return;
        offset = chunk.offset + chunk.data.length;
        yield toResponse(chunk);
      }
      if (over) {
        yield create(TailLogsResponseSchema, { attempt, offset: BigInt(offset), end: true });
        const next = request.follow && request.attempt === 0 && newestAttempt(stored) > attempt;
        if (!next && (stored.end !== null || request.attempt !== 0 || !request.follow)) return;
        if (next) {
          attempt++;
          offset = 0;
          stopLog();
          stopLog = logs.follow(ref, attempt, news.tell);
          continue;
        }
      } else if (!request.follow) return;
      if (!(await news.wait())) return;
      stored = await findTask(state, request.id);
    }
  } finally {
    stopTask();
    stopLog();
  }
}

async function* readAll(logs: LogBook, ref: TaskRef, attempt: number, from: number): AsyncIterable<LogChunk> {
  let offset = from;
  for (;;) {
    const chunks = await reading(() => logs.read(ref, attempt, offset, PAGE_BYTES));
    for (const chunk of chunks) {
      const skip = Math.max(offset - chunk.offset, 0);
      yield skip === 0 ? chunk : { ...chunk, offset: chunk.offset + skip, data: chunk.data.subarray(skip), elided: 0 };
      offset = chunk.offset + chunk.data.length;
    }
    if (chunks.length === 0) return;
  }
}

/** @throws TssError NOT_FOUND: an attempt that there is not and that nobody waits for has no output. */
function checkAttempt(stored: StoredTask, { id, attempt, follow }: TailLogsRequest): void {
  const newest = newestAttempt(stored);
  if (attempt <= newest || (follow && stored.end === null)) return;
  const had = newest === 0 ? "it has not begun" : newest === 1 ? "there is only the first" : `the newest is ${newest}`;
  throw new TssError("NOT_FOUND", `Task ${id} has no attempt ${attempt}: ${had}.`, { reason: "ATTEMPT_NOT_FOUND" });
}

function newestAttempt({ events }: StoredTask): number {
  return events.findLast(({ kind }) => kind === EVENT.leased)?.attempt ?? 0;
}

/** Whether no further output of the attempt can come. */
function isOver(state: EngineState, stored: StoredTask, ref: TaskRef, attempt: number): boolean {
  if (stored.end !== null) return true;
  const item = itemAt(state, ref);
  const running = item?.state === "running" && attemptNumber(item) === attempt;
  return !running && newestAttempt(stored) >= attempt && newestAttempt(stored) > 0;
}

function toResponse(chunk: LogChunk): TailLogsResponse {
  return create(TailLogsResponseSchema, {
    attempt: chunk.attempt,
    offset: BigInt(chunk.offset),
    stream: chunk.stream,
    data: chunk.data,
    at: toTimestamp(chunk.at),
    elidedBytes: BigInt(chunk.elided),
  });
}

/** Tells a follower that there is something to read. */
class News {
  #told = false;
  #wake: (() => void) | null = null;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  readonly tell = (): void => {
    this.#told = true;
    this.#wake?.();
  };

  clear(): void {
    this.#told = false;
  }

  async wait(): Promise<boolean> {
    while (!this.#told && !this.#signal.aborted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return !this.#signal.aborted;
  }
}
