import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { type Tab, TabPanel, Tabs } from "../ui/tabs.tsx";
import { useTitle } from "../ui/use-title.ts";
import { AttemptStrip } from "./attempt-strip.tsx";
import { CompareNormal } from "./compare-normal.tsx";
import { EventList } from "./event-list.tsx";
import { InputResult } from "./input-result.tsx";
import { OutputTab } from "./output-tab.tsx";
import { SummaryRail } from "./summary-rail.tsx";
import { TaskHeader } from "./task-header.tsx";
import { useTask } from "./use-task.ts";
import { WhyLine } from "./why-line.tsx";

const TABS: readonly Tab[] = [
  { id: "output", label: "Output" },
  { id: "data", label: "Input and result" },
  { id: "events", label: "Events" },
];

export function TaskPage() {
  const { id } = useParams({ from: "/in/task/$id" });
  const view = useSearch({ from: "/in/task/$id" });
  const navigate = useNavigate({ from: "/task/$id" });
  const { task, problem } = useTask(id);
  useTitle(task?.name ?? "Task");
  const tab = TABS.some((each) => each.id === view.tab) ? (view.tab as string) : "output";
  if (task === undefined)
    return (
      <div className="page">
        <h1>Task</h1>
        {problem === undefined ? <Skeleton /> : <Missing code={problem.code} detail={problem.message} id={id} />}
      </div>
    );
  return (
    <div className="page task-page">
      <TaskHeader task={task} />
      {problem?.code === "NOT_FOUND" ? (
        <Note meaning="attention">
          This task is no longer kept: retention has removed it. What is shown is what was last known.
        </Note>
      ) : (
        problem !== undefined && <Note meaning="attention">{problem.message}</Note>
      )}
      <WhyLine task={task} />
      <AttemptStrip
        task={task}
        chosen={view.attempt}
        onChoose={(attempt) => void navigate({ search: { tab: "output", attempt } })}
      />
      <div className="task-columns">
        <div>
          <Tabs
            name="Parts of the task"
            tabs={TABS}
            current={tab}
            onChange={(next) => void navigate({ search: (before) => ({ ...before, tab: next }), replace: true })}
          />
          <TabPanel id={tab}>
            {tab === "output" && <OutputTab task={task} view={view} />}
            {tab === "data" && <InputResult task={task} />}
            {tab === "events" && <EventList task={task} />}
          </TabPanel>
        </div>
        <div className="rails">
          <SummaryRail task={task} />
          <CompareNormal task={task} />
        </div>
      </div>
      <button
        type="button"
        className="off-screen"
        tabIndex={-1}
        data-key="l"
        onClick={() => void navigate({ search: (before) => ({ ...before, tab: "output" }) })}
      >
        Output
      </button>
    </div>
  );
}

function Missing({ code, detail, id }: { readonly code: string; readonly detail: string; readonly id: string }) {
  if (code !== "NOT_FOUND") return <Note meaning="bad">{detail}</Note>;
  return (
    <Empty title="There is no such task.">
      <p>
        <code>{id.slice(0, 60)}</code> was never a task here, was copied with a slip, or was removed by retention.
      </p>
    </Empty>
  );
}
