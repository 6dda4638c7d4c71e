import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { endNote, statusWord } from "../tasks/state-words.ts";
import { readStamp } from "../time/format.ts";
import type { GlyphName } from "../ui/glyph.tsx";
import { outcomeLook } from "./attempt-parts.ts";
import { tokensText } from "./lock-text.ts";

export interface TaskEvent {
  readonly at: string;
  readonly glyph: GlyphName;
  readonly text: string;
  /** What a task said itself is its own text. */
  readonly own?: string;
}

/** All that is known to have happened to a task, oldest first. */
export function taskEvents(task: TaskJson): readonly TaskEvent[] {
  const events: TaskEvent[] = [];
  const add = (at: string | undefined, glyph: GlyphName, text: string, own?: string) => {
    if (at !== undefined) events.push({ at, glyph, text, ...(own === undefined ? {} : { own }) });
  };
  const by = task.submittedBy ? ` by key ${task.submittedBy}` : "";
  add(task.createdAt, "plus", task.retryOf ? `Made from ${task.retryOf}${by}` : `Submitted${by}`);
  for (const attempt of task.attempts ?? []) {
    const name = `Attempt ${attempt.number}`;
    add(attempt.leasedAt, "worker", `${name} was given to ${attempt.workerName || "a worker"}`);
    if (attempt.locks !== undefined) add(attempt.leasedAt, "check", `${name} holds ${tokensText(attempt.locks)}`);
    add(attempt.startedAt, "play", `${name} started`);
    const { glyph, word } = outcomeLook(attempt);
    add(attempt.endedAt, glyph, `${name} ended: ${word}`, attempt.error?.message);
    if (attempt.endedAt !== undefined && (attempt.survivors ?? 0) > 0)
      add(
        attempt.endedAt,
        "triangle",
        `${attempt.survivors} processes of ${name.toLowerCase()} had left its group and were killed`,
      );
  }
  for (const message of task.messages ?? [])
    add(message.at, "activity", `Attempt ${message.attempt} says`, message.text);
  add(task.cancelRequestedAt, "stop", "Cancel was asked for");
  const note = endNote(task.status, task.reason, task.exitCode);
  add(task.endedAt, "check", `Ended: ${statusWord(task.status)}${note === "" ? "" : `, ${note}`}`);
  // Things of the same moment stay in the order of their telling.
  return events.sort((a, b) => (readStamp(a.at) ?? 0) - (readStamp(b.at) ?? 0));
}
