import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { Moment } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { taskEvents } from "./task-events.ts";

export function EventList({ task }: { readonly task: TaskJson }) {
  return (
    <ol className="events">
      {taskEvents(task).map(({ at, glyph, text, own }, index) => (
        <li key={index}>
          <Moment at={at} fraction />
          <Glyph name={glyph} />
          <span>
            {displayText(text)}
            {own !== undefined && <q>{displayText(own)}</q>}
          </span>
        </li>
      ))}
    </ol>
  );
}
