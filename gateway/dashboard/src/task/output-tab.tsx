import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { TaskView } from "../app/router.tsx";
import { followLog, type LogView } from "../logs/follow-log.ts";
import { LogPanel } from "../logs/log-panel.tsx";
import { hasEnded } from "../tasks/state-words.ts";
import { Empty, Skeleton } from "../ui/note.tsx";

/** Output of the attempt the address names, or of the newest. */
export function OutputTab({ task, view }: { readonly task: TaskJson; readonly view: TaskView }) {
  const newest = task.attempts?.at(-1)?.number ?? 0;
  const attempt = view.attempt ?? newest;
  const navigate = useNavigate({ from: "/task/$id" });
  const id = task.id ?? "";
  const [log, setLog] = useState<{ view: LogView; of: string } | null>(null);
  const of = `${id} ${attempt}`;
  useEffect(() => {
    if (attempt === 0) return;
    return followLog(id, attempt, (next) => setLog({ view: next, of: `${id} ${attempt}` }));
  }, [id, attempt]);
  if (attempt === 0)
    return hasEnded(task.status) ? (
      <Empty title="It never ran, so there is no output." />
    ) : (
      <Empty title="It has not started yet.">
        <p>Its output is shown here from the first byte on.</p>
      </Empty>
    );
  if (log === null || log.of !== of) return <Skeleton rows={3} />;
  return (
    <LogPanel
      key={of}
      id={id}
      attempt={attempt}
      view={log.view}
      from={view.from}
      to={view.to}
      onLines={(from, to) =>
        void navigate({ search: { tab: "output", attempt, from, ...(to === undefined ? {} : { to }) }, replace: true })
      }
    />
  );
}
