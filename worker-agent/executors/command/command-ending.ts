import type { AttemptVoice, Ending } from "../executor.ts";
import { shellProblem } from "./spawn-problem.ts";
import { readResult } from "./task-files.ts";
import { unmetSentence } from "./unmet.ts";
import type { WatchedEnd } from "./watch-command.ts";

/** A shell gives 128 + 9 for a program that SIGKILL ended. */
const KILLED_IN_SHELL = 137;

/**
 * What is told of a command that has ended.
 * @param line the shell line it was, at least as far as its first program; "": it was none.
 */
export function endingOf(
  { exit, stoppedBy, survivors, memoryShort }: WatchedEnd,
  { line, output, lastError, agentName }: { line: string; output: string; lastError: string; agentName: string },
): Ending {
  if (exit.unmet !== undefined) return { kind: "spawn_failed", message: unmetSentence(exit.unmet, agentName) };
  // A control group that is ended as a whole takes the launcher with it, which then says nothing.
  const isUnknown = exit.exitCode === undefined && exit.signal === undefined;
  const killed = isUnknown || exit.signal === "SIGKILL" || exit.exitCode === KILLED_IN_SHELL;
  return {
    kind: "ended",
    exitCode: exit.exitCode,
    signal: exit.signal,
    stoppedBy,
    outOfMemory: killed && stoppedBy === undefined && memoryShort,
    notStartedByShell: line === "" ? undefined : shellProblem(exit.exitCode, line, lastError, agentName),
    survivors,
    result: readResult(output),
    lastError,
  };
}

export function sayLeftOpen({ outputLeftOpen }: WatchedEnd, attempt: AttemptVoice): void {
  if (!outputLeftOpen) return;
  attempt.message(
    "A process that left the command's group still holds its output; what it writes from now on is not kept.",
  );
}
