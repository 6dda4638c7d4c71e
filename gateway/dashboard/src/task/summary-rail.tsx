import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { quote } from "../../../../proto/search/tokenize.ts";
import { isTaskLimit, TASK_LIMITS } from "../../../../proto/task-limits.ts";
import { hasEnded } from "../tasks/state-words.ts";
import { formatDuration, readSeconds } from "../time/format.ts";
import { Age, Moment, Span } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { formatBytes } from "../ui/format-count.ts";
import { NeededLocks } from "./needed-locks.tsx";

/** The facts of a task beside whatever else is shown of it. */
export function SummaryRail({ task }: { readonly task: TaskJson }) {
  const last = task.attempts?.at(-1);
  const { spec, progress } = task;
  const labels = Object.entries(task.labels ?? {});
  const facts: (readonly [string, ReactNode] | false)[] = [
    progress !== undefined && [
      hasEnded(task.status) ? "Last progress" : "Progress",
      <span key="p" className="rail-progress">
        <progress value={progress.percent ?? 0} max={100} aria-label="Progress" />{" "}
        {Math.round(Number(progress.percent ?? 0))} %
        {progress.message && <span className="dim"> {displayText(progress.message)}</span>}
      </span>,
    ],
    [
      "Queue",
      <Link key="q" to="/queue/$name" params={{ name: task.queue ?? "" }}>
        {task.queue}
      </Link>,
    ],
    task.type !== undefined && ["Handler", displayText(task.type)],
    last?.workerName !== undefined && [
      "Worker",
      last.endedAt === undefined && last.sessionId !== undefined ? (
        <Link key="w" to="/worker/$id" params={{ id: last.sessionId }}>
          {displayText(last.workerName)}
        </Link>
      ) : (
        displayText(last.workerName)
      ),
    ],
    ["Attempt", `${task.attempt ?? 0} of ${task.maxAttempts ?? 1}`],
    ["Priority", String(task.priority ?? 0)],
    ["Created", <Moment key="c" at={task.createdAt} />],
    task.runAt !== undefined && ["Not before", <Moment key="n" at={task.runAt} />],
    task.nextAttemptAt !== undefined && ["Next attempt", <Age key="a" at={task.nextAttemptAt} />],
    task.startedAt !== undefined && ["Started", <Moment key="s" at={task.startedAt} />],
    task.endedAt !== undefined && ["Ended", <Moment key="e" at={task.endedAt} />],
    task.startedAt !== undefined &&
      task.status !== "TASK_STATUS_WAITING" && ["Took", <Span key="t" from={task.startedAt} to={task.endedAt} />],
    task.exitCode !== undefined && ["Exit code", String(task.exitCode)],
    last?.signal !== undefined && ["Signal", last.signal],
    spec?.timeout !== undefined && ["Timeout", formatDuration(readSeconds(spec.timeout) ?? 0)],
    spec?.locks !== undefined && ["Needs locks", <NeededLocks key="n" locks={spec.locks} />],
    spec?.workingDirectory !== undefined && ["Directory", <code key="d">{displayText(spec.workingDirectory)}</code>],
    spec?.user !== undefined && ["Runs as", <code key="u">{displayText(spec.user)}</code>],
    spec?.umask !== undefined && ["Umask", <code key="m">{spec.umask}</code>],
    spec?.limits !== undefined && ["Limits", <code key="i">{limitsText(spec.limits)}</code>],
    last?.outputBytes !== undefined && [
      "Output",
      outputText(Number(last.outputBytes), Number(last.outputKeptBytes ?? 0)),
    ],
    task.retryOf !== undefined && ["Made from", <TaskLink key="f" id={task.retryOf} />],
    task.retriedAs !== undefined && ["Run again as", <TaskLink key="r" id={task.retriedAs} />],
    task.submittedBy !== undefined && ["Submitted by", <code key="k">{task.submittedBy}</code>],
    labels.length > 0 && [
      "Labels",
      <span key="l" className="labels">
        {labels.map(([name, value]) => (
          <Link key={name} className="label" to="/tasks" search={{ q: `label:${quote(`${name}=${value}`)}` }}>
            {displayText(`${name}=${value}`)}
          </Link>
        ))}
      </span>,
    ],
  ];
  return (
    <aside className="rail" aria-label="Summary">
      <Facts facts={facts.filter((fact) => fact !== false)} />
    </aside>
  );
}

function TaskLink({ id }: { readonly id: string }) {
  return (
    <Link to="/task/$id" params={{ id }} className="mono">
      {id.slice(0, 6)}…{id.slice(-4)}
    </Link>
  );
}

function limitsText(limits: Readonly<Record<string, number | "NaN" | "Infinity" | "-Infinity">>): string {
  return Object.entries(limits)
    .map(([name, value]) => {
      const isSize = isTaskLimit(name) && TASK_LIMITS[name].unit === "bytes";
      return `${displayText(name)} ${isSize ? formatBytes(Number(value)) : value}`;
    })
    .join(", ");
}

function outputText(bytes: number, kept: number): string {
  return kept > 0 && kept < bytes ? `${formatBytes(bytes)}, ${formatBytes(kept)} kept` : formatBytes(bytes);
}
