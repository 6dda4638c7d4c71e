import { LIMITS } from "../../proto/limits.ts";
import type { WireReader } from "../../proto/wire-reader.ts";
import { writeLaneKey } from "./lane-key.ts";

/** What a plain task asks for: within every limit, and nothing that has to be worked out. */
export interface PlainTask {
  readonly kind: TaskKind;
  readonly name: string;
  /** Milliseconds; absent: the default. */
  readonly timeoutMs: number | undefined;
}

/** What tasks that go to the same lane have in common; made once for all of them. */
export interface TaskKind {
  readonly queue: string;
  readonly priority: number;
  /** Handler name; "" for commands. */
  readonly type: string;
  readonly laneKey: string;
}

export const DEFAULT_QUEUE = "default";

/** Kinds that are remembered; beyond them all are forgotten. */
const KINDS = 10_000;
/** Longest text of a plain task that is looked at byte by byte. */
const COMMAND_BYTES = 1_024;

const kinds = new Map<string, TaskKind>();
let lastKind: TaskKind = { queue: "", priority: 0, type: "", laneKey: "" };
let lastName = "";

/**
 * Reads a TaskSpec that is like most: a name, a type or a command, and of the rest at most queue, priority, payload and
 * timeout, all of them plainly right. Null for any other, which is decoded whole and checked field by field: this is a
 * shortcut and refuses nothing. It is a fifth of what it costs to decode, check and admit a task.
 * @param reader inside the TaskSpec. @throws WireError when these bytes are no message.
 */
export function readPlainTask(reader: WireReader): PlainTask | null {
  let plain = true;
  let name: string | null = "";
  let queue: string | null = DEFAULT_QUEUE;
  let type: string | null = "";
  let command: string | null = "";
  let priority = 0;
  let timeoutMs: number | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag) {
      case 0x0a:
        name = reader.printable(LIMITS.nameCharacters, lastName);
        break;
      case 0x12:
        queue = reader.printable(63, lastKind.queue);
        break;
      case 0x18: {
        const value = reader.integer();
        priority = (value >>> 1) ^ -(value & 1);
        plain &&= value >= 0 && value <= 0xff;
        break;
      }
      case 0x22:
        command = reader.printable(COMMAND_BYTES, "");
        break;
      case 0x32:
        type = reader.printable(LIMITS.typeCharacters, lastKind.type);
        break;
      case 0x3a:
        plain = hasPlainPayload(reader) && plain;
        break;
      case 0x6a:
        plain &&= timeoutMs === undefined;
        timeoutMs = reader.milliseconds();
        plain &&= timeoutMs >= 1 && timeoutMs <= LIMITS.timeoutMs;
        break;
      default:
        reader.skip(tag);
        plain = false;
    }
  }
  if (!plain || name === null || name === "" || queue === null || type === null || command === null) return null;
  if ((type === "") === (command === "")) return null;
  const kind = kindOf(queue || DEFAULT_QUEUE, priority, type);
  lastName = name;
  return kind === null ? null : { kind, name, timeoutMs };
}

function hasPlainPayload(reader: WireReader): boolean {
  let plain = true;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) plain = reader.passBytes() <= LIMITS.payloadBytes && plain;
    else if (tag === 0x12) plain = reader.printable(LIMITS.contentTypeBytes, "application/json") !== null && plain;
    else {
      reader.skip(tag);
      plain = false;
    }
  }
  reader.leave(outer);
  return plain;
}

function kindOf(queue: string, priority: number, type: string): TaskKind | null {
  if (lastKind.queue === queue && lastKind.type === type && lastKind.priority === priority) return lastKind;
  const key = `${priority}\n${queue}\n${type}`;
  let kind = kinds.get(key);
  if (kind === undefined) {
    if (!LIMITS.queueName.test(queue)) return null;
    const needs = { type, selector: {}, resources: {} };
    const laneKey = writeLaneKey({ queue, priority, fairness: "", needs, locks: [] });
    kind = { queue, priority, type, laneKey };
    if (kinds.size >= KINDS) kinds.clear();
    kinds.set(key, kind);
  }
  lastKind = kind;
  return kind;
}
