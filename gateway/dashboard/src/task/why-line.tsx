import { useQuery } from "@tanstack/react-query";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { ExplanationJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { call } from "../api/call.ts";
import { hasEnded, stateLook, statusWord } from "../tasks/state-words.ts";
import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";

/** What others do may be why this one waits: it is asked again while it does. */
const AGAIN_MS = 2_000;

/** Why the task is where it is: the most telling reason as a sentence, what to do about it, and the rest on demand. */
export function WhyLine({ task }: { readonly task: TaskJson }) {
  const { id, status, reason, attempt } = task;
  const ended = hasEnded(status);
  const { data } = useQuery({
    queryKey: ["explain", id, status, reason, attempt],
    queryFn: ({ signal }) => call("TaskService", "explainTask", { id: id ?? "" }, signal),
    refetchInterval: ended ? false : AGAIN_MS,
    placeholderData: (before) => before,
    enabled: statusWord(status) !== "succeeded",
  });
  const [first, ...others] = data?.explanations ?? [];
  // "A worker is running it" is what the whole page says already.
  const plain = first?.code === "executing" && others.length === 0;
  if (first === undefined || plain || statusWord(status) === "succeeded") return null;
  const { meaning, glyph } = stateLook(status, reason);
  return (
    <section className={`why ${meaning}`} aria-label="Why it is where it is">
      <Glyph name={glyph} />
      <div>
        <Reason reason={first} ended={ended} />
        {others.length > 0 && (
          <details>
            <summary>{others.length === 1 ? "One more reason" : `${others.length} more reasons`}</summary>
            {others.map((other) => (
              <Reason key={other.code} reason={other} ended={ended} />
            ))}
          </details>
        )}
      </div>
    </section>
  );
}

/** What an ended task offers to do is on the page already. */
function Reason({ reason, ended }: { readonly reason: ExplanationJson; readonly ended: boolean }) {
  return (
    <p>
      <strong>{displayText(reason.message ?? "")}</strong>{" "}
      {reason.action !== undefined && !ended && <span className="why-action">{displayText(reason.action)}</span>}
    </p>
  );
}
