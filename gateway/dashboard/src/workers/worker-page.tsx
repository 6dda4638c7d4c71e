import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { GetWorkerResponseJson, WorkerJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { useValue } from "../live/use-topic.ts";
import { Age, Moment } from "../time/time.tsx";
import { Crumbs } from "../ui/crumbs.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { Usage } from "../ui/usage.tsx";
import { useTitle } from "../ui/use-title.ts";
import { CurrentTasks } from "./current-tasks.tsx";
import { DrainButton } from "./drain-button.tsx";
import { Labels } from "./labels.tsx";
import { WorkerBadge } from "./worker-badge.tsx";

/** One worker: what it is, and what it holds now. One that is gone stays shown as it was last known. */
export function WorkerPage() {
  const { id } = useParams({ from: "/in/worker/$id" });
  const { state, problem } = useValue<GetWorkerResponseJson>(`worker ${JSON.stringify({ sessionId: id })}`);
  const worker = state?.worker;
  useTitle(worker?.info?.name ?? "Worker");
  if (worker === undefined)
    return (
      <div className="page">
        <Crumbs to="/workers" list="Workers" name="session" />
        <h1>Worker</h1>
        {problem === undefined ? (
          <Skeleton />
        ) : problem.final ? (
          <Empty title="This worker is gone.">
            <p>It has left or was lost; what it held is given to others.</p>
          </Empty>
        ) : (
          <Note meaning="bad">{problem.detail}</Note>
        )}
      </div>
    );
  const name = displayText(worker.info?.name ?? "", 200);
  const gone = problem?.final === true;
  return (
    <div className="page">
      <header className="task-header">
        <Crumbs to="/workers" list="Workers" name={name} />
        <div className="task-title">
          <h1>{name}</h1>
          {gone ? <span className="dim">gone</span> : <WorkerBadge state={worker.state} />}
        </div>
        <div className="task-id">
          <code>{id}</code>
        </div>
        {!gone && worker.state === "WORKER_STATE_ACTIVE" && <DrainButton id={id} name={name} />}
      </header>
      {gone ? (
        <Note meaning="attention">It has left or was lost. What is shown is what was last known.</Note>
      ) : (
        problem !== undefined && <Note meaning="attention">{problem.detail}</Note>
      )}
      <div className="task-columns">
        <CurrentTasks ids={gone ? [] : (worker.taskIds ?? [])} />
        <aside className="rail" aria-label="Summary">
          <Facts facts={factsOf(worker)} />
        </aside>
      </div>
    </div>
  );
}

function factsOf({ info = {}, running, credit, connectedAt, lastSeenAt }: WorkerJson): [string, ReactNode][] {
  const resources = Object.entries(info.resources ?? {});
  const list = (words: readonly string[] = [], none: string) =>
    words.length === 0 ? none : displayText(words.join(", "), 500);
  const facts: ([string, ReactNode] | false)[] = [
    ["Slots in use", <Usage key="s" used={readNumber(running)} of={readNumber(info.slots)} name="Slots" />],
    ["Takes now", String(credit ?? 0)],
    ["Heard of", <Age key="h" at={lastSeenAt} />],
    ["Connected", <Moment key="c" at={connectedAt} />],
    ["Host", displayText(info.hostname ?? "–", 200)],
    ["Process", String(info.pid ?? "–")],
    ["Version", displayText(info.version ?? "–", 100)],
    ["Queues", list(info.queues, "all")],
    ["Runs", list([...(info.commands ? ["commands"] : []), ...(info.types ?? [])], "nothing")],
    ["Labels", <Labels key="l" labels={info.labels ?? {}} />],
    resources.length > 0 && [
      "Resources",
      displayText(resources.map(([name, amount]) => `${name} ${amount}`).join(", "), 300),
    ],
  ];
  return facts.filter((fact) => fact !== false);
}
