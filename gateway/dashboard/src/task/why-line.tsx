import { useQuery } from "@tanstack/react-query";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { call } from "../api/call.ts";
import { Reasons } from "../explain/reasons.tsx";
import { hasEnded, stateLook, statusWord } from "../tasks/state-words.ts";
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
      <Reasons reasons={data?.explanations ?? []} quiet={ended} />
    </section>
  );
}
