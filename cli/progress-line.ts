import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, statSync, writeSync } from "node:fs";
import { TssError } from "../proto/errors.ts";
import { UsageError } from "./errors.ts";

/** What a task says of itself; one JSON object a line, as docs/agent.md describes it. */
export type ProgressLine = { readonly progress: number; readonly message?: string } | { readonly message: string };

/** The system writes so many bytes to a pipe at once or not at all: two that write never mix their lines. */
const LINE_BYTES = 4_096;

/**
 * Says a line to the agent of the task that this process is part of.
 * @throws UsageError outside a task, or for a line that is too long.
 * @throws TssError FAILED_PRECONDITION when no process of the task holds the descriptor any more.
 */
export function sayProgress(line: ProgressLine, environment: NodeJS.ProcessEnv = process.env): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  if (bytes.length > LINE_BYTES)
    throw new UsageError(`The text is too long: it may have about ${LINE_BYTES - 64} bytes.`);
  const { TSS_TASK_ID: task, TSS_PROGRESS_FD: number } = environment;
  if (!task || !/^\d{1,4}$/.test(number ?? ""))
    throw new UsageError(
      '"tss progress" works inside a task that an agent runs: TSS_TASK_ID or TSS_PROGRESS_FD is not set.',
    );
  const descriptor = Number(number);
  const opened = holdsPipe(descriptor) ? undefined : openFromAncestor(task, descriptor);
  try {
    writeSync(opened ?? descriptor, bytes);
  } catch (error) {
    throw closed(descriptor, error);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

function holdsPipe(descriptor: number): boolean {
  if (process.platform === "linux") return isPipeOfAgent(`/proc/self/fd/${descriptor}`);
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}

/** Many programs close what their children do not ask for. On Linux the pipe is then taken from the next who holds it. */
function openFromAncestor(task: string, descriptor: number): number {
  for (let pid = process.ppid; pid > 1 && isOfTask(pid, task); pid = parentOf(pid)) {
    const path = `/proc/${pid}/fd/${descriptor}`;
    if (!isPipeOfAgent(path)) continue;
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      throw closed(descriptor, error);
    }
  }
  throw closed(descriptor);
}

/**
 * A program that was handed no such descriptor may have a pipe of its own under its number, as Node.js does; the agent's
 * once had a name.
 */
function isPipeOfAgent(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("/") && statSync(path).isFIFO();
  } catch {
    return false;
  }
}

function isOfTask(pid: number, task: string): boolean {
  return `\0${readText(`/proc/${pid}/environ`)}`.includes(`\0TSS_TASK_ID=${task}\0`);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function closed(descriptor: number, cause?: unknown): TssError {
  return new TssError(
    "FAILED_PRECONDITION",
    `Descriptor ${descriptor} of this task is closed: the program that starts "tss progress" must leave it open for it.`,
    { reason: "PROGRESS_CLOSED", cause },
  );
}
