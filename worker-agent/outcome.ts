import { constants } from "node:os";
import { AttemptOutcome, TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { EndedProcess, Ending, TaskResult } from "./executors/executor.ts";
import type { StopCause } from "./stop.ts";

/** What an ending means, in the words of the contract. */
export interface Verdict {
  readonly outcome: AttemptOutcome;
  readonly reason: TaskReason;
  /** One sentence for people; empty when there is nothing to explain. */
  readonly message: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly survivors: number;
  /** No further attempt is to be made. */
  readonly final?: boolean;
  readonly result?: { readonly data: Uint8Array; readonly contentType: string };
}

const { FAILED, SUCCEEDED, CANCELLED, RELEASED } = AttemptOutcome;

/**
 * Judges an ending. Pure. An attempt that never started and was not cancelled is given back and costs nothing. So is one
 * that the agent ended in order because it had to leave: nothing of it runs any more. How often that goes, the coordinator
 * knows. One that was ended for want of contact counts as lost: it may run elsewhere already.
 */
export function judge(ending: Ending, agentName: string): Verdict {
  switch (ending.kind) {
    case "rejected":
      return failed(TaskReason.REJECTED, ending.message);
    case "spawn_failed":
      return { ...failed(TaskReason.SPAWN_ERROR, ending.message), ...(ending.final ? { final: true } : {}) };
    case "not_started":
      if (ending.stoppedBy === "aborted") return plain(CANCELLED, TaskReason.ABORTED, "");
      return plain(RELEASED, TaskReason.UNSPECIFIED, `Agent ${agentName} gave it back before it started.`);
    case "ended":
      return { ...judgeProcess(ending, agentName), ...facts(ending) };
  }
}

function judgeProcess(ended: EndedProcess, agentName: string): Verdict {
  if (ended.stoppedBy !== undefined) return judgeStopped(ended.stoppedBy, agentName);
  if (ended.outOfMemory)
    return failed(TaskReason.OUT_OF_MEMORY, `The kernel ended the command for using too much memory on ${agentName}.`);
  if (ended.signal !== undefined)
    return failed(TaskReason.SIGNAL, `The command was ended by ${ended.signal} on agent ${agentName}.`);
  if (ended.exitCode === undefined)
    return failed(
      TaskReason.LOST,
      `The launcher of the command was killed on agent ${agentName}: nobody knows how the command ended.`,
    );
  if (ended.notStartedByShell !== undefined) return failed(TaskReason.SPAWN_ERROR, ended.notStartedByShell);
  if (ended.exitCode !== 0) return failed(TaskReason.EXIT_CODE, exitSentence(ended.exitCode, ended.lastError));
  if (ended.result.kind === "too_large")
    return failed(
      TaskReason.RESULT_TOO_LARGE,
      `The result in TSS_OUTPUT has ${ended.result.bytes} bytes; at most ${LIMITS.resultBytes} are kept. Store it elsewhere and give its address.`,
    );
  return plain(SUCCEEDED, TaskReason.UNSPECIFIED, "");
}

function judgeStopped(cause: StopCause, agentName: string): Verdict {
  switch (cause) {
    case "aborted":
      return plain(CANCELLED, TaskReason.ABORTED, "");
    case "timed_out":
      return failed(TaskReason.TIMED_OUT, "The attempt ran longer than its timeout and was ended.");
    case "heartbeat":
      return failed(
        TaskReason.HEARTBEAT,
        "The attempt gave no sign of life within its heartbeat timeout and was ended.",
      );
    case "lock_lost":
      return failed(
        TaskReason.LOCK_LOST,
        "A lock that the attempt held was taken away or could not be renewed in time, and the attempt was ended.",
      );
    case "drained":
      return plain(RELEASED, TaskReason.UNSPECIFIED, `Agent ${agentName} had to leave and ended the attempt.`);
    case "lost":
    case "fenced":
      return failed(
        TaskReason.LOST,
        `Agent ${agentName} had no contact with the coordinator for the term of its lease and ended the attempt.`,
      );
  }
}

function facts(ended: EndedProcess): Partial<Verdict> {
  return {
    survivors: ended.survivors,
    ...(ended.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
    ...(ended.signal === undefined ? {} : { signal: ended.signal }),
    ...resultOf(ended.result),
  };
}

function resultOf(result: TaskResult): Partial<Verdict> {
  return result.kind === "payload" ? { result: { data: result.data, contentType: result.contentType } } : {};
}

/** A shell gives 128 + n for a program that signal n ended. */
function exitSentence(exitCode: number, lastError: string): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  const meaning = signal === undefined ? "" : ` (a program in it was ended by ${signal})`;
  const detail = lastError === "" ? "" : ` Last line of its errors: ${lastError}`;
  return `The command ended with exit code ${exitCode}${meaning}.${detail}`;
}

function failed(reason: TaskReason, message: string): Verdict {
  return plain(FAILED, reason, message);
}

function plain(outcome: AttemptOutcome, reason: TaskReason, message: string): Verdict {
  return { outcome, reason, message, survivors: 0 };
}
