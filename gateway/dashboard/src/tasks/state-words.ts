import type { TaskReasonJson, TaskStatusJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { GlyphName } from "../ui/glyph.tsx";

/** Five groups of meaning, one colour each: more hues cannot be told apart by everybody. */
export type Meaning = "waiting" | "active" | "good" | "attention" | "bad";

export interface StateLook {
  readonly word: string;
  readonly meaning: Meaning;
  readonly glyph: GlyphName;
}

export function statusWord(status: TaskStatusJson | undefined): string {
  return (status ?? "").replace("TASK_STATUS_", "").toLowerCase();
}

export function reasonWord(reason: TaskReasonJson | undefined): string {
  const word = (reason ?? "").replace("TASK_REASON_", "").toLowerCase().replaceAll("_", " ");
  return word === "unspecified" ? "" : word;
}

const BY_REASON: Readonly<Record<string, StateLook>> = {
  scheduled: { word: "scheduled", meaning: "waiting", glyph: "clock" },
  blocked: { word: "blocked", meaning: "waiting", glyph: "ban" },
  retrying: { word: "retrying", meaning: "attention", glyph: "retry" },
  paused: { word: "paused", meaning: "attention", glyph: "pause" },
  throttled: { word: "throttled", meaning: "attention", glyph: "ban" },
  cancelling: { word: "cancelling", meaning: "attention", glyph: "stop" },
  disconnected: { word: "worker away", meaning: "attention", glyph: "triangle" },
};

const BY_STATUS: Readonly<Record<string, StateLook>> = {
  waiting: { word: "waiting", meaning: "waiting", glyph: "circle" },
  running: { word: "running", meaning: "active", glyph: "play" },
  succeeded: { word: "succeeded", meaning: "good", glyph: "check" },
  failed: { word: "failed", meaning: "bad", glyph: "cross" },
  cancelled: { word: "cancelled", meaning: "waiting", glyph: "minus" },
};

/** How a state looks: shape, word and colour, never colour alone. */
export function stateLook(status: TaskStatusJson | undefined, reason?: TaskReasonJson): StateLook {
  const word = statusWord(status);
  const special = word === "waiting" || word === "running" ? BY_REASON[reasonWord(reason)] : undefined;
  return special ?? BY_STATUS[word] ?? { word: "unknown", meaning: "waiting", glyph: "circle" };
}

/** What lies behind an end, where the word alone does not say it. */
export function endNote(
  status: TaskStatusJson | undefined,
  reason: TaskReasonJson | undefined,
  exitCode?: number,
): string {
  const word = statusWord(status);
  if (word === "failed" && reasonWord(reason) === "exit code") return `exit code ${exitCode ?? "?"}`;
  if (word === "failed") return reasonWord(reason);
  return word === "cancelled" && reasonWord(reason) !== "aborted" ? reasonWord(reason) : "";
}

export function hasEnded(status: TaskStatusJson | undefined): boolean {
  return ["succeeded", "failed", "cancelled"].includes(statusWord(status));
}
