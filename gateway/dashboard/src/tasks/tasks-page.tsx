import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { parseSearch } from "../../../../proto/search/parse-search.ts";
import { serverNow } from "../time/server-clock.ts";
import { Moment } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { ButtonLink } from "../ui/button-link.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { BulkMenu, ChosenBar, mayAct } from "./bulk-menu.tsx";
import { Histogram } from "./histogram.tsx";
import { SaveMenu } from "./save-menu.tsx";
import { valuesOf, withField } from "./search/edit-search.ts";
import { SearchBar } from "./search-bar.tsx";
import { StatusFilter } from "./status-filter.tsx";
import { TaskTable } from "./task-table.tsx";
import { type Chosen, useChosen } from "./use-chosen.ts";
import { useCounts } from "./use-counts.ts";
import { type TaskList, useTaskList } from "./use-task-list.ts";
import { ViewMenu } from "./view-menu.tsx";

export function TasksPage() {
  useTitle("Tasks");
  const { q, range } = useSearch({ from: "/in/tasks" });
  const navigate = useNavigate();
  const go = (next: { readonly q?: string; readonly range?: string }) => {
    const search = Object.entries({ q, range, ...next }).filter(([, value]) => value !== undefined && value !== "");
    void navigate({ to: "/tasks", search: Object.fromEntries(search) });
  };
  const setSearch = (next: string) => go({ q: next });
  const text = q ?? "";
  const search = useMemo(() => parseSearch(text, serverNow()), [text]);
  useEffect(() => {
    if (search.id !== null) void navigate({ to: "/task/$id", params: { id: search.id }, replace: true });
  }, [search.id, navigate]);
  const [held, setHeld] = useState(false);
  const request = search.problems.length > 0 || search.id !== null ? null : search.request;
  const [picking, setPicking] = useState(false);
  const list = useTaskList(request, held || picking);
  const chosen = useChosen(text, list.order);
  const rows = [...chosen.ids].flatMap((id) => list.rows.get(id) ?? []);
  useEffect(() => setPicking(rows.length > 0), [rows.length]);
  const { counts, queues } = useCounts(search.request.queue ?? "");
  const statuses = valuesOf(text, "status");
  return (
    <div className="page tasks-page">
      <div className="page-head">
        <h1>Tasks</h1>
        <ViewMenu text={text} sound={search.problems.length === 0 && search.id === null} onSearch={setSearch} />
      </div>
      <SearchBar text={text} known={{ queue: queues }} onSearch={setSearch} />
      <div className="page-head">
        <StatusFilter
          chosen={statuses}
          counts={counts}
          onChange={(next) => setSearch(withField(text, "status", next))}
        />
        {rows.length > 0 ? (
          <ChosenBar chosen={rows} onClear={() => chosen.set([])} />
        ) : (
          search.problems.length === 0 &&
          list.order.length > 0 && (
            <div className="actions">
              <SaveMenu request={search.request} />
              <BulkMenu request={search.request} />
            </div>
          )
        )}
      </div>
      {request !== null && (
        <Histogram
          request={request}
          range={range}
          onRange={(next) => go({ range: next })}
          onCreated={(created) => setSearch(withField(text, "created", created === "" ? [] : [created]))}
        />
      )}
      {search.problems.length > 0 ? (
        <Empty title="This search cannot be run as it stands.">
          <p>What is wrong is said under its words; nothing was searched.</p>
        </Empty>
      ) : (
        <Found {...{ list, text, onHold: setHeld, onSearch: setSearch }} chosen={mayAct() ? chosen : null} />
      )}
    </div>
  );
}

function Found(props: {
  readonly list: TaskList;
  readonly chosen: Chosen | null;
  readonly text: string;
  readonly onHold: (held: boolean) => void;
  readonly onSearch: (text: string) => void;
}) {
  const { list, chosen, text, onHold, onSearch } = props;
  const { problem } = list;
  if (!list.known) return problem === undefined ? <Skeleton /> : <Told list={list} />;
  if (list.order.length > 0)
    return (
      <>
        <Told list={list} />
        <TaskTable list={list} chosen={chosen} onHold={onHold} />
      </>
    );
  if (list.more)
    return (
      <Empty title="Nothing found so far.">
        <Told list={list} />
        <Button glyph="search" busy={list.reading} onClick={list.readMore}>
          Keep searching
        </Button>
      </Empty>
    );
  return text === "" ? (
    <Empty title="There are no tasks yet.">
      <p>Submit one here, or on the command line:</p>
      <pre>npx tss task create --name hello --command "echo hello"</pre>
      <ButtonLink to="/submit" glyph="plus" method="TaskService/SubmitTasks">
        Submit a task
      </ButtonLink>
    </Empty>
  ) : (
    <Empty title="No task fits this search.">
      <p>Names and labels are matched whole. Ended tasks are kept for as long as TSS_RETENTION says.</p>
      <Button onClick={() => onSearch("")}>Show all tasks</Button>
    </Empty>
  );
}

/** What stands between the list and the whole truth. */
function Told({ list }: { readonly list: TaskList }) {
  const { problem, scannedTo, more } = list;
  return (
    <>
      {problem !== undefined && (
        <Note meaning="attention">{"detail" in problem ? problem.detail : problem.message}</Note>
      )}
      {more && scannedTo !== undefined && (
        <Note meaning="waiting">
          Searched back to <Moment at={scannedTo} />. Scroll down, or keep searching, to go on.
        </Note>
      )}
    </>
  );
}
