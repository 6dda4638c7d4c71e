import { create, toBinary } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import { TaskSpecSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { Submitted } from "./read-submit-answer.ts";
import type { TaskSpecInit } from "./task-spec.ts";

/** A task on its way, and who waits for its id. */
export interface Entry {
  readonly spec: TaskSpecInit;
  /** An upper bound of its encoded size. */
  readonly bytes: number;
  /** Monotonic ms at which its caller hears DEADLINE_EXCEEDED. */
  readonly deadline: number;
  readonly resolve: (submitted: Submitted) => void;
  readonly reject: (error: TssError) => void;
}

/** Left free in a message for what is around its tasks. */
const ENVELOPE_BYTES = 1024;

/** Tasks that wait to become messages: first in, first out, bounded in number and bytes. */
export class SubmitBuffer {
  readonly #limits: { readonly tasks: number; readonly bytes: number };
  #entries: Entry[] = [];
  #from = 0;
  #bytes = 0;

  constructor(limits: { readonly tasks: number; readonly bytes: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.length - this.#from;
  }

  /** @throws TssError RESOURCE_EXHAUSTED when it is full. */
  add(entry: Entry): void {
    const { tasks, bytes } = this.#limits;
    if (this.size >= tasks || (this.size > 0 && this.#bytes + entry.bytes > bytes))
      throw new TssError(
        "RESOURCE_EXHAUSTED",
        `${this.size} tasks wait to be sent (at most ${tasks} and ${bytes} bytes may); wait for earlier submits before making more.`,
        { reason: "CLIENT_BUFFER_FULL", retryAfterMs: 100 },
      );
    this.#bytes += entry.bytes;
    this.#entries.push(entry);
  }

  /** The next message's tasks: as many as a message may carry. */
  take(): Entry[] {
    let count = 0;
    let bytes = ENVELOPE_BYTES;
    const most = Math.min(this.size, LIMITS.tasksPerMessage);
    while (count < most) {
      const next = (this.#entries[this.#from + count] as Entry).bytes;
      if (count > 0 && bytes + next > LIMITS.messageBytes) break;
      bytes += next;
      count++;
    }
    const taken = this.#entries.slice(this.#from, this.#from + count);
    this.#from += count;
    this.#bytes -= bytes - ENVELOPE_BYTES;
    if (this.#from === this.#entries.length || this.#from > 4 * LIMITS.tasksPerMessage) {
      this.#entries = this.#entries.slice(this.#from);
      this.#from = 0;
    }
    return taken;
  }

  /** Takes those whose time is over. */
  takeOverdue(now: number): Entry[] {
    const overdue: Entry[] = [];
    while (this.size > 0) {
      const entry = this.#entries[this.#from] as Entry;
      if (entry.deadline > now) break;
      overdue.push(entry);
      this.#from++;
      this.#bytes -= entry.bytes;
    }
    return overdue;
  }
}

/**
 * Refuses a task that no message can carry: sent, it would take the stream, and all that is on it, with it.
 * @throws TssError INVALID_ARGUMENT.
 */
export function checkFits(spec: TaskSpecInit, bound: number): void {
  const most = LIMITS.messageBytes - ENVELOPE_BYTES;
  if (bound <= most) return;
  const bytes = toBinary(TaskSpecSchema, create(TaskSpecSchema, spec)).length;
  if (bytes <= most) return;
  const description = `takes ${bytes} bytes, and a message carries at most ${most}; make it smaller.`;
  throw new TssError("INVALID_ARGUMENT", `task ${description}`, { violations: [{ field: "task", description }] });
}

/** Bytes of what is short and always there: numbers, durations, tags. */
const FIXED_BYTES = 256;

/** An upper bound of a task's encoded size: a character of a string is at most 3 bytes per UTF-16 unit. */
export function boundBytes(spec: TaskSpecInit): number {
  let bytes = FIXED_BYTES + (spec.payload?.data?.length ?? 0);
  for (const value of Object.values(spec)) {
    if (typeof value === "string") bytes += 3 * value.length;
    else if (Array.isArray(value)) for (const item of value) bytes += 3 * String(item).length + 8;
  }
  for (const map of [spec.env, spec.labels, spec.selector, spec.resources])
    if (map !== undefined)
      for (const [key, value] of Object.entries(map)) bytes += 3 * (key.length + String(value).length) + 16;
  return bytes;
}
