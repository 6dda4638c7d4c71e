import { readFileSync } from "node:fs";
import { TssError } from "../proto/errors.ts";
import type { Logger } from "../runtime/logger.ts";
import { abortableWait } from "../runtime/wait.ts";

/** Between two looks for the file. */
const LOOK_MS = 500;

/** @throws TssError FAILED_PRECONDITION when the file is there before the agent is: it would only give back what it takes. */
export function requireStay(path: string | undefined): void {
  if (path === undefined || readOptional(path) === undefined) return;
  throw new TssError(
    "FAILED_PRECONDITION",
    `${path} (TSS_PREEMPT_FILE) says that this machine goes away, so the agent does not start: remove the file if that is over.`,
    { reason: "PREEMPTED" },
  );
}

/**
 * Waits for the file that announces the end of the machine.
 * @param path absent: nobody announces it.
 * @param usualMs time left where the file does not say.
 * @returns the milliseconds left, or undefined when `until` is aborted first.
 */
export async function watchPreemption(
  path: string | undefined,
  usualMs: number,
  logger: Logger,
  until: AbortSignal,
): Promise<number | undefined> {
  if (path === undefined) return undefined;
  do {
    const text = readOptional(path);
    if (text !== undefined) return readLeft(text, usualMs, path, logger);
  } while (await abortableWait(LOOK_MS, until));
  return undefined;
}

function readLeft(text: string, usualMs: number, path: string, logger: Logger): number {
  const [, seconds] = /^\s*(\d{1,6})\s*s?\s*$/.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  if (text.trim() !== "")
    logger.warn({ path }, "the file that announces the end of the machine does not hold a number of seconds");
  return usualMs;
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
