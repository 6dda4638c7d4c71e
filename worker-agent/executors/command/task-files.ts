import { closeSync, constants, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TaskSpec } from "../../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { foreignOwner } from "../../journal/given-folder.ts";
import type { TaskResult } from "../executor.ts";
import type { TaskFiles } from "./environment.ts";

/** Writes the payload where the command finds it, and names the file it may leave its result in. */
export function prepareFiles(taskPath: string, spec: TaskSpec | undefined): TaskFiles {
  const output = outputPath(taskPath);
  const deadline = deadlinePath(taskPath);
  if (spec?.payload === undefined) return { output, deadline };
  const input = join(taskPath, "input");
  writeFileSync(input, spec.payload.data, { mode: 0o600 });
  return { input, output, deadline };
}

/** Where a command leaves its result. */
export function outputPath(taskPath: string): string {
  return join(taskPath, "output");
}

/** Where a command can read when it will be ended: Unix time in seconds. Absent as long as nobody knows of a time. */
export function deadlinePath(taskPath: string): string {
  return join(taskPath, "deadline");
}

/** Writes a line that is too long for an argument. Returns the file's path. */
export function writeScript(taskPath: string, line: string): string {
  const path = join(taskPath, "command");
  writeFileSync(path, line, { mode: 0o600 });
  return path;
}

/** What the command left as its result. No file and an empty file are none; only a plain file is read. */
export function readResult(path: string): TaskResult {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let file: number;
  try {
    // A FIFO would hold the agent, a link would show it a file that is none of the task's.
    file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch {
    return { kind: "none" };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size === 0) return { kind: "none" };
    // A hard link could be to what only the agent may read.
    const owner = foreignOwner(dirname(path));
    if (owner !== undefined && owner.uid !== stat.uid) return { kind: "none" };
    if (stat.size > LIMITS.resultBytes) return { kind: "too_large", bytes: stat.size };
    const bytes = Buffer.allocUnsafe(stat.size);
    const data = bytes.subarray(0, readSync(file, bytes, 0, stat.size, 0));
    return { kind: "payload", data, contentType: isJson(data) ? "application/json" : "application/octet-stream" };
  } finally {
    closeSync(file);
  }
}

function isJson(data: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
    return true;
  } catch {
    return false;
  }
}
