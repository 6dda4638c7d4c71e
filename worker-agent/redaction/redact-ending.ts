import type { Ending } from "../executors/executor.ts";
import type { Redaction } from "./redaction.ts";

/** What is told of the end of an attempt, without the values it was given. */
export function redactEnding(ending: Ending, redaction: Redaction | undefined): Ending {
  if (redaction === undefined || ending.kind === "not_started") return ending;
  if (ending.kind !== "ended") return { ...ending, message: redaction.text(ending.message) };
  const { notStartedByShell, lastError, result } = ending;
  return {
    ...ending,
    lastError: redaction.text(lastError),
    notStartedByShell: notStartedByShell === undefined ? undefined : redaction.text(notStartedByShell),
    result: result.kind === "payload" ? { ...result, data: redaction.bytes(result.data) } : result,
  };
}
