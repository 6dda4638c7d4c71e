import type { TaskStatusJson } from "../gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../limits.ts";
import { readCount, readSpans } from "./read-span.ts";
import { readRange } from "./read-time.ts";
import type { Token } from "./tokenize.ts";

type Term = Pick<Token, "value" | "path">;

/** What can be searched for, one entry each: the only place that knows. */
export interface Field {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly hint: string;
  readonly example: string;
  /** Values to begin with. */
  readonly values?: readonly string[];
  /** Puts the value into the request. @returns what is wrong with it, or undefined. */
  apply(request: ListTasksRequestJson, term: Term, now: number): string | undefined;
  /** The same for a word with - before it; a text: why there is none, and what to write. */
  readonly leaveOut: ((request: ListTasksRequestJson, term: Term) => string | undefined) | string;
}

export const STATUSES = ["waiting", "running", "succeeded", "failed", "cancelled"] as const;

const statusJson = (word: string) => `TASK_STATUS_${word.toUpperCase()}` as TaskStatusJson;

/** One more of a list in the request, which has room for so many. */
function add(request: ListTasksRequestJson, list: ListField, value: string, what: string): string | undefined {
  request[list] ??= [];
  if (request[list].length === LIMITS.searchTerms) return `At most ${LIMITS.searchTerms} ${what} can be asked for.`;
  request[list].push(value);
  return undefined;
}

type ListField =
  | "label"
  | "error"
  | "args"
  | "worker"
  | "notQueue"
  | "notName"
  | "notType"
  | "notLabel"
  | "notFailure"
  | "notError"
  | "notArgs"
  | "notWorker";

const leaveOut =
  (list: ListField, what: string, check: (value: string) => string | undefined = () => undefined) =>
  (request: ListTasksRequestJson, { value }: Term) =>
    check(value) ?? add(request, list, value, what);

const isNoQueue = (value: string) =>
  LIMITS.queueName.test(value) ? undefined : "Queue names are a–z, 0–9, dot, dash and underscore, whole and without *.";
const isNoName = (value: string) => tooLong(value, "A name", LIMITS.nameCharacters);
const isNoType = (value: string) => tooLong(value, "A handler's name", LIMITS.typeCharacters);
const isNoText = (value: string) => tooLong(value, "A text", LIMITS.searchCharacters);
const isNoGroup = (value: string) =>
  /^[0-9a-f]{16}$/.test(value)
    ? undefined
    : "A failure group has 16 digits of 0–9 and a–f: the Failures page links to it.";

function tooLong(value: string, what: string, most: number): string | undefined {
  return [...value].length > most ? `${what} has at most ${most} characters.` : undefined;
}

export const FIELDS: readonly Field[] = [
  {
    name: "status",
    aliases: ["state", "is"],
    hint: "how it stands; several with commas",
    example: "status:failed,cancelled",
    values: STATUSES,
    apply: (request, { value }) =>
      eachStatus(value, (word) => {
        request.status ??= [];
        request.status.push(statusJson(word));
      }),
    leaveOut(request, { value }) {
      const left = new Set(request.status ?? STATUSES.map(statusJson));
      const wrong = eachStatus(value, (word) => {
        left.delete(statusJson(word));
      });
      request.status = [...left];
      return wrong ?? (left.size === 0 ? "With this no status is left." : undefined);
    },
  },
  {
    name: "queue",
    aliases: ["q"],
    hint: "its queue",
    example: "queue:mail",
    apply(request, { value }) {
      if (request.queue !== undefined) return "A task is in one queue: give queue: once.";
      request.queue = value;
      return isNoQueue(value);
    },
    leaveOut: leaveOut("notQueue", "queues to leave out", isNoQueue),
  },
  {
    name: "name",
    aliases: [],
    hint: "its whole name",
    example: 'name:"resize photo"',
    apply(request, { value }) {
      if (request.name !== undefined) return "A task has one name: give it once.";
      request.name = value;
      return isNoName(value);
    },
    leaveOut: leaveOut("notName", "names to leave out", isNoName),
  },
  {
    name: "type",
    aliases: ["handler"],
    hint: "its handler; mail.* for all that begin so",
    example: "type:mail.send",
    apply(request, { value }) {
      if (request.type !== undefined) return "A task has one type: give type: once.";
      request.type = value;
      return isNoType(value);
    },
    leaveOut: leaveOut("notType", "handlers to leave out", isNoType),
  },
  {
    name: "label",
    aliases: ["tag"],
    hint: "a label, with or without its value",
    example: "label:customer=42",
    apply: (request, { value }) => add(request, "label", value, "labels"),
    leaveOut: leaveOut("notLabel", "labels to leave out"),
  },
  {
    name: "created",
    aliases: ["since"],
    hint: "when it was submitted",
    example: "created:-2h..now",
    values: ["-15m", "-2h", "-1d", "-7d"],
    apply(request, { value }, now) {
      const range = readRange(value, now);
      if (range === undefined) return "Write times as -2h, -30m, now or 2026-03-01T12:00, and a range as A..B.";
      if (range.after !== undefined) request.createdAfter = new Date(range.after).toISOString();
      if (range.before !== undefined) request.createdBefore = new Date(range.before).toISOString();
      return undefined;
    },
    leaveOut: "A time cannot be left out: write the one that is wanted, created:..A or created:B.. .",
  },
  {
    name: "wait",
    aliases: ["waited"],
    hint: "how long it waited for its first start, or has waited",
    example: "wait:>30s",
    values: [">30s", ">5m", ">1h", "<1s"],
    apply: (request, { value }) => applySpan(request, "wait", value),
    leaveOut: "A wait cannot be left out: turn it round, wait:<30s instead of -wait:>30s.",
  },
  {
    name: "run",
    aliases: ["ran"],
    hint: "how long its newest attempt ran, or has run",
    example: "run:>5s",
    values: [">5s", ">1m", ">1h", "<100ms"],
    apply: (request, { value }) => applySpan(request, "run", value),
    leaveOut: "A run cannot be left out: turn it round, run:<5s instead of -run:>5s.",
  },
  {
    name: "attempt",
    aliases: ["attempts"],
    hint: "how many attempts it has had",
    example: "attempt:>2",
    values: [">1", ">2", "1"],
    apply(request, { value }) {
      const count = readCount(value);
      if (count === undefined) return "Write attempt:>2, attempt:<5, attempt:3 or attempt:2..4.";
      if (request.attemptsMin !== undefined || request.attemptsMax !== undefined) return "Give attempt: once.";
      if (count.min !== undefined) request.attemptsMin = count.min;
      if (count.max !== undefined) request.attemptsMax = count.max;
      return undefined;
    },
    leaveOut: "A number of attempts cannot be left out: turn it round, attempt:<3 instead of -attempt:>2.",
  },
  {
    name: "worker",
    aliases: [],
    hint: "the name of the worker that has or had it",
    example: "worker:mailer-3",
    apply: (request, { value }) => isNoText(value) ?? add(request, "worker", value, "workers"),
    leaveOut: leaveOut("notWorker", "workers to leave out", isNoText),
  },
  {
    name: "error",
    aliases: [],
    hint: "a text in the error of a failed task",
    example: 'error:"connection refused"',
    apply: (request, { value }) => isNoText(value) ?? add(request, "error", value, "texts of an error"),
    leaveOut: leaveOut("notError", "texts of an error to leave out", isNoText),
  },
  {
    name: "args",
    aliases: [],
    hint: "a value in its payload",
    example: "args.user.id:42",
    apply: (request, term) => applyArgs(request, "args", term),
    leaveOut: (request, term) => applyArgs(request, "notArgs", term),
  },
  {
    name: "failure",
    aliases: [],
    hint: "failed like a group of failures",
    example: "failure:1d32eb7e7bc06280",
    apply(request, { value }) {
      if (request.failure !== undefined) return "A task failed in one way: give failure: once.";
      request.failure = value;
      return isNoGroup(value);
    },
    leaveOut: leaveOut("notFailure", "groups to leave out", isNoGroup),
  },
];

function applySpan(request: ListTasksRequestJson, what: "wait" | "run", value: string): string | undefined {
  const spans = readSpans(value);
  if (spans === undefined) return `Write ${what}:>30s, ${what}:<5m or ${what}:30s..5m, with ms, s, m, h or d.`;
  const [over, under] = what === "wait" ? (["waitedOver", "waitedUnder"] as const) : (["ranOver", "ranUnder"] as const);
  for (const [field, ms] of [[over, spans.over] as const, [under, spans.under] as const]) {
    if (ms === undefined) continue;
    if (request[field] !== undefined) return `A ${what} has one bound on each side: give each once.`;
    if (ms > LIMITS.delayMs) return `No task ${what}s for longer than 10 years.`;
    request[field] = `${Number((ms / 1_000).toFixed(6))}s`;
  }
  return undefined;
}

function eachStatus(value: string, put: (word: string) => void): string | undefined {
  for (const word of value.toLowerCase().split(",")) {
    if (!(STATUSES as readonly string[]).includes(word))
      return `${JSON.stringify(word)} is no status: ${STATUSES.join(", ")}.`;
    put(word);
  }
  return undefined;
}

function applyArgs(request: ListTasksRequestJson, list: "args" | "notArgs", { path, value }: Term): string | undefined {
  if (path === "" || path.split(".").includes("")) return "Say where in the payload, by its keys: args.user.id:42.";
  const text = `${path}=${value}`;
  return (
    tooLong(text, "What is looked for in a payload", LIMITS.searchCharacters) ?? add(request, list, text, "values")
  );
}

export function findField(key: string): Field | undefined {
  return FIELDS.find(({ name, aliases }) => name === key || aliases.includes(key));
}
