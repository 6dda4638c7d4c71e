import type { JsonObject, JsonValue } from "../json/parse-json.ts";

/** Columns of a list of tasks, with the names that REST has for them. */
export const TASK_COLUMNS = [
  ...["id", "name", "queue", "type", "status", "reason", "priority", "labels"],
  ...["createdAt", "runAt", "startedAt", "endedAt", "attempt", "maxAttempts", "exitCode", "error"],
  ...["retryOf", "retriedAs", "submittedBy"],
] as const;

/** The cells of a task, one for each column; absent values are empty. @param task as REST has it. */
export function taskCells(task: JsonObject): string[] {
  return TASK_COLUMNS.map((column) => cellText(column, task[column]));
}

function cellText(column: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  const fields = value as JsonObject;
  if (column === "error") return [fields["type"], fields["message"]].filter(Boolean).join(": ");
  return Object.entries(fields)
    .map(([key, text]) => `${key}=${String(text)}`)
    .join(" ");
}

/** What a spreadsheet would take for a formula, unless it is a number. */
const FORMULA = /^[=+\-@\t\r\n]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * One record of RFC 4180. A text that a spreadsheet would run is given an apostrophe, which keeps it a text: names, labels and
 * errors are written by others.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
