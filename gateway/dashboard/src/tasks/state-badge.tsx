import type { TaskReasonJson, TaskStatusJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { Glyph } from "../ui/glyph.tsx";
import { stateLook } from "./state-words.ts";

export function StateBadge(props: {
  readonly status: TaskStatusJson | undefined;
  readonly reason?: TaskReasonJson | undefined;
}) {
  const { word, meaning, glyph } = stateLook(props.status, props.reason);
  return (
    <span className={`state ${meaning}`}>
      <Glyph name={glyph} />
      {word}
    </span>
  );
}
