import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { formatDuration } from "../time/format.ts";
import { useNow } from "../time/ticking.ts";
import { Glyph } from "../ui/glyph.tsx";
import { attemptParts } from "./attempt-parts.ts";

/** The attempts in the order of time: pale where one waited, full where one ran. Pressed, an attempt's output is shown. */
export function AttemptStrip(props: {
  readonly task: TaskJson;
  readonly chosen: number | undefined;
  readonly onChoose: (attempt: number) => void;
}) {
  const now = useNow();
  const parts = attemptParts(props.task, now);
  if (parts.length === 0) return null;
  const newest = parts.at(-1)?.number;
  return (
    <ol className="attempts" aria-label="Attempts">
      {parts.map((part) => (
        // Wide enough to be read, and otherwise as long as it took.
        <li
          key={`${part.number}-${part.waitMs}`}
          style={{ flexGrow: Math.max(Math.log10(part.waitMs + part.runMs + 1), 1) }}
        >
          <button
            type="button"
            className={`attempt ${part.meaning}`}
            aria-pressed={part.number === (props.chosen ?? newest)}
            onClick={() => props.onChoose(part.number)}
          >
            <span className="attempt-bar" aria-hidden="true">
              <span className="bar-wait" style={{ flexGrow: share(part.waitMs) }} />
              <span className={`bar-run ${part.running ? "going" : ""}`} style={{ flexGrow: share(part.runMs) }} />
            </span>
            <span className="attempt-words">
              <strong>#{part.number}</strong>
              <span className={`state ${part.meaning}`}>
                <Glyph name={part.glyph} />
                {part.word}
              </span>
              <span className="dim tabular">
                waited {formatDuration(part.waitMs)} · ran {formatDuration(part.runMs)}
              </span>
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function share(ms: number): number {
  return Math.max(Math.sqrt(ms), 1);
}
