import { Link } from "@tanstack/react-router";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { Age, Span } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { StateBadge } from "./state-badge.tsx";
import { endNote } from "./state-words.ts";

/** The sentence that an agent begins with where a command ended with a code: its words are told in fewer. */
const ENDED = /^The command ended with (exit code \d+[^.]*)\.(?: Last line of its errors: )?/;

/** How it ended and what it said of it, the telling part first: a row has little room. */
function rowNote({ status, reason, exitCode, error }: TaskJson): string {
  const message = error?.message || endNote(status, reason, exitCode);
  const [sentence = "", words] = ENDED.exec(message) ?? [];
  const rest = message.slice(sentence.length);
  if (words === undefined) return message;
  return rest === "" ? words : `${words}: ${rest}`;
}

/** One task in the list. The whole row leads to its page; the link in it is what keys and screen readers meet. */
export function TaskRow(props: {
  readonly task: TaskJson;
  readonly index: number;
  readonly top: number;
  /** undefined: rows are not chosen by who looks. */
  readonly chosen: boolean | undefined;
  readonly onChoose: (range: boolean) => void;
}) {
  const { task, index, top, chosen, onChoose } = props;
  const note = rowNote(task);
  const percent = task.progress === undefined ? undefined : Number(task.progress.percent ?? 0);
  return (
    <div
      className={`task-row ${chosen === true ? "chosen" : ""}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      {chosen !== undefined && (
        <div role="cell" className="cell-pick">
          <input
            type="checkbox"
            data-key-row="x"
            aria-label={`Choose ${displayText(task.name ?? "")}`}
            checked={chosen}
            onChange={() => {}}
            onClick={(event) => onChoose(event.shiftKey)}
          />
        </div>
      )}
      <div role="cell" className="cell-state">
        <StateBadge status={task.status} reason={task.reason} />
      </div>
      <div role="cell" className="cell-name">
        <Link to="/task/$id" params={{ id: task.id ?? "" }} className="row-link">
          {displayText(task.name ?? "")}
        </Link>
        {note !== "" && <span className="row-note">{displayText(note)}</span>}
        {task.status === "TASK_STATUS_RUNNING" && percent !== undefined && (
          <progress value={percent} max={100} aria-label={`${Math.round(percent)} percent done`} />
        )}
      </div>
      <div role="cell" className="cell-queue">
        {task.queue}
        {task.type !== undefined && <span className="dim"> {displayText(task.type)}</span>}
      </div>
      <div role="cell" className="cell-number">
        {task.attempt ?? 0}
        <span className="dim">/{task.maxAttempts ?? 1}</span>
      </div>
      <div role="cell" className="cell-number">
        <Span from={task.status === "TASK_STATUS_WAITING" ? undefined : task.startedAt} to={task.endedAt} />
      </div>
      <div role="cell" className="cell-number">
        <Age at={task.createdAt} />
      </div>
    </div>
  );
}
