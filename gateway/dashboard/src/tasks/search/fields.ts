import type { TaskStatusJson } from "../../../../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../../../../../proto/gen/tss/v1/task_service_pb.js";
import { readRange } from "./read-time.ts";

/** What can be searched for, one entry each: the only place that knows. */
export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly hint: string;
  readonly example: string;
  /** Fixed values there are. */
  readonly values?: readonly string[];
  /** Puts the value into the request. @returns what is wrong with it, or undefined. */
  apply(request: ListTasksRequestJson, value: string, now: number): string | undefined;
}

export const STATUSES = ["waiting", "running", "succeeded", "failed", "cancelled"] as const;

const QUEUE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export const FIELDS: readonly Field[] = [
  {
    name: "status",
    aliases: ["state", "is"],
    hint: "how it stands; several with commas",
    example: "status:failed,cancelled",
    values: STATUSES,
    apply(request, value) {
      for (const word of value.toLowerCase().split(",")) {
        if (!(STATUSES as readonly string[]).includes(word))
          return `${JSON.stringify(word)} is no status: ${STATUSES.join(", ")}.`;
        request.status ??= [];
        request.status.push(`TASK_STATUS_${word.toUpperCase()}` as TaskStatusJson);
      }
      return undefined;
    },
  },
  {
    name: "queue",
    aliases: ["q"],
    hint: "its queue",
    example: "queue:mail",
    apply(request, value) {
      if (!QUEUE_NAME.test(value)) return "Queue names are a–z, 0–9, dot, dash and underscore, whole and without *.";
      if (request.queue !== undefined) return "A task is in one queue: give queue: once.";
      request.queue = value;
      return undefined;
    },
  },
  {
    name: "name",
    aliases: [],
    hint: "its whole name",
    example: 'name:"resize photo"',
    apply(request, value) {
      if (request.name !== undefined) return "A task has one name: give it once.";
      if ([...value].length > 200) return "A name has at most 200 characters.";
      request.name = value;
      return undefined;
    },
  },
  {
    name: "type",
    aliases: ["handler"],
    hint: "its handler",
    example: "type:mail.send",
    apply(request, value) {
      if (request.type !== undefined) return "A task has one type: give type: once.";
      request.type = value;
      return undefined;
    },
  },
  {
    name: "label",
    aliases: ["tag"],
    hint: "a label, with or without its value",
    example: "label:customer=42",
    apply(request, value) {
      request.label ??= [];
      if (request.label.length === 8) return "At most 8 labels can be asked for.";
      request.label.push(value);
      return undefined;
    },
  },
  {
    name: "created",
    aliases: ["since"],
    hint: "when it was submitted",
    example: "created:-2h..now",
    apply(request, value, now) {
      const range = readRange(value, now);
      if (range === undefined) return "Write times as -2h, -30m, now or 2026-03-01T12:00, and a range as A..B.";
      if (range.after !== undefined) request.createdAfter = new Date(range.after).toISOString();
      if (range.before !== undefined) request.createdBefore = new Date(range.before).toISOString();
      return undefined;
    },
  },
  {
    name: "failure",
    aliases: [],
    hint: "failed like a group of failures",
    example: "failure:1d32eb7e7bc06280",
    apply(request, value) {
      if (request.failure !== undefined) return "A task failed in one way: give failure: once.";
      if (!/^[0-9a-f]{16}$/.test(value))
        return "A failure group has 16 digits of 0–9 and a–f: the Failures page links to it.";
      request.failure = value;
      return undefined;
    },
  },
];

export function findField(key: string): Field | undefined {
  return FIELDS.find(({ name, aliases }) => name === key || aliases.includes(key));
}
