import type { TaskJson, TaskSpecJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { readStamp } from "../time/format.ts";
import type { GlyphName } from "../ui/glyph.tsx";

/** Below so many others there is no normal. */
const FEWEST = 20;

/** From when it could have started until its first attempt was given to a worker, or until now. ms */
export function waitedMs({ createdAt, runAt, attempts = [], endedAt }: TaskJson, now: number): number | undefined {
  const ready = Math.max(readStamp(createdAt) ?? 0, readStamp(runAt) ?? 0);
  const until = readStamp(attempts[0]?.leasedAt) ?? readStamp(endedAt) ?? now;
  return ready === 0 || until < ready ? undefined : until - ready;
}

/** How long its newest attempt ran, or has run. ms */
export function ranMs({ attempts = [] }: TaskJson, now: number): number | undefined {
  const last = attempts.at(-1);
  const started = readStamp(last?.startedAt);
  return started === undefined ? undefined : Math.max((readStamp(last?.endedAt) ?? now) - started, 0);
}

export interface Verdict {
  readonly word: string;
  readonly meaning: "good" | "attention";
  readonly glyph: GlyphName;
}

/** A duration beside those of others; undefined: nothing can be said. */
export function compareSpan(
  ms: number | undefined,
  p50: number | undefined,
  p95: number | undefined,
  count: number,
): Verdict | undefined {
  if (ms === undefined || p50 === undefined || p95 === undefined || count < FEWEST) return undefined;
  if (ms <= p95) return { word: "as usual", meaning: "good", glyph: "check" };
  return { word: "longer than usual", meaning: "attention", glyph: "triangle" };
}

const WORDS: Readonly<Partial<Record<keyof TaskSpecJson, string>>> = {
  command: "command",
  argv: "arguments",
  payload: "input",
  env: "environment",
  workingDirectory: "directory",
  user: "user",
  umask: "umask",
  limits: "limits",
  labels: "labels",
  selector: "selector",
  resources: "resources",
  priority: "priority",
  timeout: "timeout",
  retry: "retry policy",
};

/** What of two tasks is not the same, in words. */
export function differences(one: TaskSpecJson, other: TaskSpecJson): string[] {
  return Object.entries(WORDS)
    .filter(([key]) => written(one[key as keyof TaskSpecJson]) !== written(other[key as keyof TaskSpecJson]))
    .map(([, word]) => word);
}

/** The same for the same, whatever the order of its keys. */
function written(value: unknown): string {
  return (
    JSON.stringify(value, (_, part) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? ""
  );
}
