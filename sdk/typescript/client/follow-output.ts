import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../../proto/errors.ts";
import type { LogStream, TailLogsResponse } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { hasEnded } from "./has-ended.ts";
import type { Patience } from "./patience.ts";
import type { Tasks } from "./tasks.ts";

/** A piece of an attempt's output that has not been given before. */
export interface OutputPiece {
  readonly attempt: number;
  readonly offset: number;
  readonly stream: LogStream;
  readonly data: Uint8Array;
  /** Bytes that were not kept, before `data`. */
  readonly elidedBytes: number;
}

/** Between two streams that ended without anything new while the task goes on. */
const IDLE_PAUSE_MS = 200;

/** Where a reader stands: every byte of earlier attempts and of this one before `offset` has been given. */
interface Place {
  attempt: number;
  offset: number;
}

/**
 * The output of all attempts of a task, from the first byte until the task has ended. A lost connection is taken up at
 * the byte where it broke: no byte comes twice, and none is left out that is kept.
 * @throws TssError when `signal` fires (CANCELLED), the task does not exist, or `patience` ends.
 */
export async function* followOutput(
  tasks: Tasks,
  id: string,
  signal: AbortSignal,
  patience: Patience,
): AsyncGenerator<OutputPiece> {
  const place: Place = { attempt: 0, offset: 0 };
  // 0: the newest attempt and those to come.
  let attempt = 0;
  while (true) {
    const before = { ...place };
    try {
      const offset = BigInt(attempt === 0 ? 0 : place.offset);
      for await (const message of tasks.tailLogs({ id, attempt, offset, follow: true }, { signal })) {
        patience.answered();
        if (attempt === 0 && message.attempt > place.attempt + 1) break;
        const piece = unseen(message, place);
        if (piece !== undefined) yield piece;
      }
    } catch (error) {
      if (!isMissingAttempt(error, attempt)) {
        await patience.failed(error, signal);
        attempt = place.attempt;
        continue;
      }
    }
    const next = await nextAttempt(tasks, id, place, attempt, signal, patience);
    if (next === undefined) return;
    attempt = next;
    const nothingNew = before.attempt === place.attempt && before.offset === place.offset;
    if (nothingNew) await pause(IDLE_PAUSE_MS, undefined, { signal });
  }
}

/** The output of one attempt as it is now, from a byte on. */
export async function* readOutput(
  tasks: Tasks,
  from: { readonly id: string; readonly attempt: number; readonly offset: bigint },
  signal?: AbortSignal,
): AsyncGenerator<OutputPiece> {
  for await (const message of tasks.tailLogs({ ...from, follow: false }, signal === undefined ? {} : { signal })) {
    const piece = unseen(message, { attempt: message.attempt, offset: Number(from.offset) });
    if (piece !== undefined) yield piece;
  }
}

/** The attempt to ask for when a stream has ended; undefined when everything has been given. */
async function nextAttempt(
  tasks: Tasks,
  id: string,
  place: Place,
  asked: number,
  signal: AbortSignal,
  patience: Patience,
): Promise<number | undefined> {
  while (true)
    try {
      const { task } = await tasks.getTask({ id }, { signal });
      patience.answered();
      if (task === undefined) return undefined;
      const seen = Math.max(place.attempt, asked);
      // `attempt` leaves out runs that were given back; their output is kept under numbers of their own.
      if (Math.max(task.attempt, task.attempts.at(-1)?.number ?? 0) > seen) {
        place.attempt = seen + 1;
        place.offset = 0;
        return place.attempt;
      }
      if (hasEnded(task)) return undefined;
      return place.attempt === asked ? 0 : place.attempt;
    } catch (error) {
      await patience.failed(error, signal);
    }
}

/** The part of a message that lies behind the place, which moves on. */
function unseen(message: TailLogsResponse, place: Place): OutputPiece | undefined {
  if (message.attempt < place.attempt) return undefined;
  if (message.attempt > place.attempt) {
    place.attempt = message.attempt;
    place.offset = 0;
  }
  const offset = Number(message.offset);
  const skip = Math.max(0, place.offset - offset);
  const elidedBytes = skip > 0 ? 0 : Number(message.elidedBytes);
  if (skip >= message.data.length && elidedBytes === 0) return undefined;
  place.offset = Math.max(place.offset, offset + message.data.length);
  const data = skip === 0 ? message.data : message.data.subarray(skip);
  return { attempt: message.attempt, offset: offset + skip, stream: message.stream, data, elidedBytes };
}

/** An attempt that left no output may not be known to the log any more; the task itself is asked for next. */
function isMissingAttempt(error: unknown, attempt: number): boolean {
  return attempt !== 0 && error instanceof TssError && error.code === "NOT_FOUND";
}
