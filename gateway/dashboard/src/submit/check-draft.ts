import type { LockNeedJson, TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../../proto/limits.ts";
import type { Draft } from "./draft.ts";
import { readLine } from "./lines.ts";

export type Problems = Readonly<Record<string, string>>;

/** The form as a task, and what is wrong with it by field. The limits are the server's own; it checks them again. */
export function checkDraft(draft: Draft): { readonly spec: TaskSpecJson; readonly problems: Problems } {
  const problems: Record<string, string> = {};
  const spec: TaskSpecJson = {};
  const wrong = (field: string, message: string) => {
    problems[field] ??= message;
  };
  readWork(draft, spec, wrong);
  const name = draft.name.trim() || defaultName(draft);
  if (name === "") wrong("name", "Give it a name.");
  else if ([...name].length > LIMITS.nameCharacters) wrong("name", `At most ${LIMITS.nameCharacters} characters.`);
  spec.name = name;
  const queue = draft.queue.trim();
  if (queue !== "" && !LIMITS.queueName.test(queue)) wrong("queue", "a–z, 0–9, dot, dash and underscore, at most 63.");
  if (queue !== "") spec.queue = queue;
  const priority = whole(draft.priority, LIMITS.priorityMin, LIMITS.priorityMax);
  if (priority === null) wrong("priority", `A whole number from ${LIMITS.priorityMin} to ${LIMITS.priorityMax}.`);
  else if (priority !== undefined) spec.priority = priority;
  const retries = whole(draft.retries, 0, 99);
  if (retries === null) wrong("retries", "A whole number from 0 to 99.");
  const interval = duration(draft.retryInterval, "retryInterval", wrong);
  if (typeof retries === "number" || interval !== undefined)
    spec.retry = { ...(retries == null ? {} : { limit: retries }), ...(interval === undefined ? {} : { interval }) };
  const delay = duration(draft.delay, "delay", wrong);
  if (delay !== undefined) spec.delay = delay;
  const timeout = duration(draft.timeout, "timeout", wrong);
  if (timeout !== undefined) spec.timeout = timeout;
  spec.labels = pairs(draft.labels, "labels", /^[^=]{1,63}$/, wrong);
  const locks = readLocks(draft.locks, wrong);
  if (locks.length > 0) spec.locks = locks;
  if (draft.kind !== "type") {
    spec.env = pairs(draft.env, "env", LIMITS.environmentName, wrong);
    if (draft.workingDirectory !== "") spec.workingDirectory = draft.workingDirectory;
  }
  return { spec, problems };
}

type Wrong = (field: string, message: string) => void;

function readWork(draft: Draft, spec: TaskSpecJson, wrong: Wrong): void {
  if (draft.kind === "command") {
    if (draft.command.trim() === "") wrong("command", "Say what to run.");
    spec.command = draft.command;
  } else if (draft.kind === "argv") {
    const argv = draft.argv.split("\n").filter((line, index, all) => line !== "" || index < all.length - 1);
    if (argv.length === 0 || argv[0] === "") wrong("argv", "The first line is the program.");
    spec.argv = argv.map(readLine);
  } else {
    if (draft.type.trim() === "") wrong("type", "Name the handler.");
    spec.type = draft.type.trim();
  }
  if (draft.payload.trim() === "") return;
  try {
    JSON.parse(draft.payload);
    const bytes = new TextEncoder().encode(draft.payload);
    if (bytes.length > LIMITS.payloadBytes) wrong("payload", `At most ${LIMITS.payloadBytes / 1_024} KiB.`);
    spec.payload = { data: base64(bytes), contentType: "application/json" };
  } catch (error) {
    wrong("payload", `This is no JSON: ${(error as Error).message}.`);
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** What the server's own clients do: the first line of the command, or the handler. */
function defaultName(draft: Draft): string {
  const text = { command: draft.command, argv: draft.argv.replaceAll("\n", " "), type: draft.type }[draft.kind];
  return [...(text.trim().split("\n")[0] ?? "")].slice(0, 200).join("");
}

/** undefined: empty; null: none that is allowed. */
function whole(text: string, min: number, max: number): number | null | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isInteger(value) && value >= min && value <= max ? value : null;
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 };

function duration(text: string, field: string, wrong: Wrong): string | undefined {
  if (text.trim() === "") return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) wrong(field, "Write it as 500ms, 30s, 10m, 2h or 1d.");
  return match === null ? undefined : `${Number((Number(match[1]) * (UNITS[match[2] ?? "s"] ?? 1)).toFixed(3))}s`;
}

function readLocks(text: string, wrong: Wrong): LockNeedJson[] {
  const lines = text.split(/[\n,]/).map((line) => line.trim());
  const locks = lines
    .filter((line) => line !== "")
    .map((line): LockNeedJson => {
      const [, name = line, count] = /^([^:]*)(?::(.*))?$/.exec(line) ?? [];
      const permits = count === undefined ? undefined : (whole(count, 1, LIMITS.lockPermits) ?? null);
      if (!LIMITS.lockName.test(name)) wrong("locks", `${JSON.stringify(line.slice(0, 40))} is no name of a lock.`);
      if (permits === null) wrong("locks", `After the colon of ${name}: 1 to ${LIMITS.lockPermits} permits.`);
      return permits == null ? { name } : { name, permits };
    });
  if (locks.length > LIMITS.taskLocks) wrong("locks", `At most ${LIMITS.taskLocks} locks.`);
  if (new Set(locks.map(({ name }) => name)).size < locks.length) wrong("locks", "Each lock once.");
  return locks;
}

function pairs(text: string, field: string, name: RegExp, wrong: Wrong): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    const key = at < 0 ? line.trim() : line.slice(0, at).trim();
    if (at < 0 || !name.test(key)) wrong(field, `${JSON.stringify(line.slice(0, 40))} is not NAME=VALUE.`);
    else result[key] = readLine(line.slice(at + 1));
  }
  return result;
}
