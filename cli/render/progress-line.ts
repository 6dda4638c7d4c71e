import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { msOf, spanText } from "./time.ts";
import { cut } from "./width.ts";
import { statusText } from "./words.ts";

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const BAR_WIDTH = 24;

/** One line that says how far a task is, at most `width` columns wide. */
export function progressLine(task: Task, now: number, width: number, paint: Painter): string {
  const spinner = SPINNER[Math.floor(now / 100) % SPINNER.length] ?? "";
  const since = msOf(task.startedAt) ?? msOf(task.createdAt) ?? now;
  const attempt = task.attempt > 1 ? ` (attempt ${task.attempt} of ${task.maxAttempts})` : "";
  const percent = task.progress?.percent;
  const bar = percent === undefined ? "" : `  ${progressBar(percent)} ${Math.floor(percent)}%`;
  const message = task.progress?.message ? `  ${printable(task.progress.message)}` : "";
  const text = cut(`${statusText(task)}${attempt}  ${spanText(now - since)}${bar}${message}`, Math.max(0, width - 3));
  return `${paint.cyan(spinner)} ${text}`;
}

/** `████████░░░░` for 0–100. */
export function progressBar(percent: number, width = BAR_WIDTH): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
