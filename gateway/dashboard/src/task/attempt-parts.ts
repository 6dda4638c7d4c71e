import type { AttemptJson, TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { type Meaning, reasonWord } from "../tasks/state-words.ts";
import { readStamp } from "../time/format.ts";
import type { GlyphName } from "../ui/glyph.tsx";

/** One attempt as the strip draws it: how long it waited before, how long it ran. */
export interface AttemptPart {
  readonly number: number;
  readonly waitMs: number;
  readonly runMs: number;
  readonly running: boolean;
  readonly meaning: Meaning;
  readonly glyph: GlyphName;
  readonly word: string;
}

const OUTCOMES: Readonly<Record<string, { meaning: Meaning; glyph: GlyphName; word: string }>> = {
  SUCCEEDED: { meaning: "good", glyph: "check", word: "succeeded" },
  FAILED: { meaning: "bad", glyph: "cross", word: "failed" },
  CANCELLED: { meaning: "waiting", glyph: "minus", word: "cancelled" },
  RELEASED: { meaning: "attention", glyph: "retry", word: "given back" },
};

/** Attempts with the time between them. @param now server's time, for what has not ended. */
export function attemptParts(task: TaskJson, now: number): readonly AttemptPart[] {
  let from = Math.max(readStamp(task.createdAt) ?? now, readStamp(task.runAt) ?? 0);
  return (task.attempts ?? []).map((attempt) => {
    const given = readStamp(attempt.leasedAt) ?? readStamp(attempt.startedAt) ?? from;
    const begun = readStamp(attempt.startedAt) ?? given;
    const ended = readStamp(attempt.endedAt);
    const part = {
      number: attempt.number ?? 0,
      waitMs: Math.max(given - from, 0),
      runMs: Math.max((ended ?? now) - begun, 0),
      running: ended === undefined,
      ...outcomeLook(attempt),
    };
    from = ended ?? now;
    return part;
  });
}

export function outcomeLook(attempt: AttemptJson): { meaning: Meaning; glyph: GlyphName; word: string } {
  const outcome = OUTCOMES[(attempt.outcome ?? "").replace("ATTEMPT_OUTCOME_", "")];
  if (outcome === undefined) return { meaning: "active", glyph: "play", word: "running" };
  const reason = reasonWord(attempt.reason);
  return outcome.word === "failed" && reason !== "" ? { ...outcome, word: failure(attempt, reason) } : outcome;
}

function failure(attempt: AttemptJson, reason: string): string {
  if (reason === "exit code") return `exit code ${attempt.exitCode ?? "?"}`;
  return reason === "signal" ? (attempt.signal ?? reason) : reason;
}
