import {
  type Attempt,
  AttemptOutcomeSchema,
  type LockNeed,
  type Task,
  TaskReasonSchema,
} from "../../proto/gen/tss/v1/task_pb.js";
import { isTaskLimit, TASK_LIMITS } from "../../proto/task-limits.ts";
import type { Painter } from "./color.ts";
import { payloadText } from "./payload-text.ts";
import { printable } from "./printable.ts";
import { pairLines } from "./table.ts";
import { clockText, msOf, relativeText, sizeText, spanText } from "./time.ts";
import { enumWord, paintStatus, statusText } from "./words.ts";

/** Newest messages that are shown. */
const MESSAGES_SHOWN = 10;

/** Everything a person wants to know of a task, as lines. */
export function taskDetail(task: Task, now: number, paint: Painter): string[] {
  const lines = pairLines(
    [
      ["Task", printable(task.id)],
      ["Name", paint.bold(printable(task.name))],
      ["Status", paintStatus(paint, statusText(task), task.status) + progressText(task)],
      ["Queue", `${printable(task.queue)}${task.priority === 0 ? "" : `, priority ${task.priority}`}`],
      ["Runs", workText(task)],
      ["Runs as", task.spec?.user && printable(task.spec.user)],
      ["Umask", task.spec?.umask && printable(task.spec.umask)],
      ["Limits", limitsText(task.spec?.limits ?? {})],
      ["Labels", pairsText(task.labels)],
      ["Needs locks", locksText(task.spec?.locks ?? [])],
      ["Created", timeText(msOf(task.createdAt), now)],
      ["Due", timeText(msOf(task.runAt), now)],
      ["Started", timeText(msOf(task.startedAt), now)],
      ["Next attempt", timeText(msOf(task.nextAttemptAt), now)],
      ["Cancel asked", timeText(msOf(task.cancelRequestedAt), now)],
      ["Ended", timeText(msOf(task.endedAt), now)],
      ["Exit code", task.exitCode?.toString()],
      ["Error", task.error && paint.red(printable([task.error.type, task.error.message].filter(Boolean).join(": ")))],
      ["Attempts", task.maxAttempts > 1 ? `${task.attempt} of ${task.maxAttempts}` : undefined],
      ["Retry of", task.retryOf && printable(task.retryOf)],
      ["Retried as", task.retriedAs && printable(task.retriedAs)],
      ["Result", payloadText(task.result)],
    ],
    paint.dim,
  );
  for (const attempt of task.attempts) lines.push("", ...attemptLines(attempt, now, paint));
  const messages = task.messages.slice(-MESSAGES_SHOWN);
  if (messages.length > 0) lines.push("", paint.dim("Messages"));
  for (const message of messages)
    lines.push(`  ${clockText(msOf(message.at))?.slice(11, 19) ?? ""}  ${printable(message.text)}`);
  return lines;
}

function attemptLines(attempt: Attempt, now: number, paint: Painter): string[] {
  const started = msOf(attempt.startedAt) ?? msOf(attempt.leasedAt);
  const ended = msOf(attempt.endedAt);
  const outcome = enumWord(AttemptOutcomeSchema, attempt.outcome) || "running";
  const reason = enumWord(TaskReasonSchema, attempt.reason).replaceAll("_", " ");
  const head = [`Attempt ${attempt.number}`, reason === "" ? outcome : `${outcome} (${reason})`];
  if (attempt.exitCode !== undefined) head.push(`exit code ${attempt.exitCode}`);
  if (attempt.signal !== "") head.push(printable(attempt.signal));
  if (started !== undefined) head.push(spanText((ended ?? now) - started));
  if (attempt.workerName !== "") head.push(`on ${printable(attempt.workerName)}`);
  const lines = [head.join("  ")];
  if (attempt.locks.length > 0)
    lines.push(`  holds ${attempt.locks.map(({ name, token }) => `${printable(name)} (token ${token})`).join(", ")}`);
  if (attempt.error !== undefined)
    lines.push(paint.red(`  ${printable([attempt.error.type, attempt.error.message].filter(Boolean).join(": "))}`));
  if (attempt.survivors > 0)
    lines.push(paint.yellow(`  ${attempt.survivors} of its processes had left its group and were killed`));
  if (attempt.outputBytes > attempt.outputKeptBytes)
    lines.push(
      `  ${sizeText(Number(attempt.outputKeptBytes))} of ${sizeText(Number(attempt.outputBytes))} of output kept`,
    );
  return lines;
}

function progressText(task: Task): string {
  if (task.progress === undefined || task.endedAt !== undefined) return "";
  const message = task.progress.message === "" ? "" : ` ${printable(task.progress.message)}`;
  return `  ${Math.floor(task.progress.percent)}%${message}`;
}

function workText(task: Task): string | undefined {
  if (task.type !== "") return `handler ${printable(task.type)}`;
  if (task.spec === undefined) return undefined;
  return printable(task.spec.argv.length > 0 ? task.spec.argv.map(shellWord).join(" ") : task.spec.command);
}

function locksText(needs: readonly LockNeed[]): string {
  return needs.map(({ name, permits }) => printable(name) + (permits > 1 ? ` (${permits} permits)` : "")).join(", ");
}

function limitsText(limits: Readonly<Record<string, number>>): string {
  return Object.entries(limits)
    .map(([name, value]) => {
      const isSize = isTaskLimit(name) && TASK_LIMITS[name].unit === "bytes";
      return `${printable(name)} ${isSize ? sizeText(value) : value}`;
    })
    .join(", ");
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function pairsText(pairs: Readonly<Record<string, unknown>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => printable(`${name}=${value}`))
    .join(" ");
}

function timeText(at: number | undefined, now: number): string | undefined {
  return at === undefined ? undefined : `${clockText(at)} (${relativeText(at, now)})`;
}
