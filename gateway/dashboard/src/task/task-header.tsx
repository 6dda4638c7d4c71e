import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { call } from "../api/call.ts";
import { Problem, toProblem } from "../api/problem.ts";
import { may } from "../session/session.ts";
import { StateBadge } from "../tasks/state-badge.tsx";
import { endNote, hasEnded } from "../tasks/state-words.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Note } from "../ui/note.tsx";
import { CancelDialog } from "./cancel-dialog.tsx";
import { CopyAsMenu } from "./copy-as-menu.tsx";

export function TaskHeader({ task }: { readonly task: TaskJson }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const id = task.id ?? "";
  const ended = hasEnded(task.status);
  const note = endNote(task.status, task.reason, task.exitCode);

  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(toProblem(error));
    }
    setBusy(false);
  };
  const cancel = () =>
    act(async () => {
      setAsking(false);
      const { results } = await call("TaskService", "cancelTasks", { ids: [id] });
      const [result] = results ?? [];
      if (result?.error !== undefined) throw new Problem("FAILED", result.error.message ?? "It cannot be cancelled.");
      if (result?.task !== undefined) void queries.invalidateQueries({ queryKey: ["task", id] });
    });
  const retry = () =>
    act(async () => {
      const { results } = await call("TaskService", "retryTasks", {
        ids: [id],
        requestId: crypto.randomUUID?.() ?? "",
      });
      const [result] = results ?? [];
      if (result?.task?.id === undefined)
        throw new Problem("FAILED", result?.error?.message ?? "It cannot be run again.");
      void queries.invalidateQueries({ queryKey: ["task", id] });
      await navigate({ to: "/task/$id", params: { id: result.task.id } });
    });

  return (
    <header className="task-header">
      <nav aria-label="Where this is" className="crumbs">
        <Link to="/tasks">Tasks</Link> <Glyph name="right" />
        <Link to="/tasks" search={{ q: `queue:${task.queue}` }}>
          {task.queue}
        </Link>
      </nav>
      <div className="task-title">
        <h1>{displayText(task.name ?? "")}</h1>
        <StateBadge status={task.status} reason={task.reason} />
        {note !== "" && <span className="dim">{note}</span>}
      </div>
      <div className="task-id">
        <code>{id}</code>
        <CopyButton name="the id" text={() => id} />
      </div>
      <div className="actions">
        {!ended && may("TaskService/CancelTasks") && (
          <Button glyph="stop" look="danger" busy={busy} data-key="c" onClick={() => setAsking(true)}>
            Cancel
          </Button>
        )}
        {ended && may("TaskService/RetryTasks") && (
          <Button glyph="retry" look="primary" busy={busy} data-key="r" onClick={() => void retry()}>
            Run again
          </Button>
        )}
        {may("TaskService/SubmitTasks") && (
          <Button glyph="plus" data-key="e" onClick={() => void navigate({ to: "/submit", search: { like: id } })}>
            Edit a copy
          </Button>
        )}
        <CopyAsMenu task={task} />
      </div>
      {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
      {asking && <CancelDialog task={task} onCancel={() => void cancel()} onClose={() => setAsking(false)} />}
    </header>
  );
}
