import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { call } from "../api/call.ts";
import { Age, Span } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { type Column, Table } from "../ui/table.tsx";
import { StateBadge } from "./state-badge.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Task" },
  { name: "Status" },
  { name: "Queue", wide: true },
  { name: "Ran", number: true },
  { name: "Created", number: true, wide: true },
];

/** A few tasks by their ids, each read for itself; one that retention has removed is left out. */
export function TaskTeasers({ ids }: { readonly ids: readonly string[] }) {
  const reads = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["teaser", id],
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        (await call("TaskService", "getTask", { id }, signal)).task ?? null,
      retry: false,
    })),
  });
  const tasks = reads.flatMap(({ data }) => data ?? []);
  return (
    <Table
      name="Tasks"
      columns={COLUMNS}
      rows={tasks.map((task) => ({
        key: task.id ?? "",
        cells: [
          <Link key="name" to="/task/$id" params={{ id: task.id ?? "" }} className="row-link">
            {displayText(task.name ?? "")}
          </Link>,
          <StateBadge key="state" status={task.status} reason={task.reason} />,
          task.queue,
          <Span key="ran" from={task.startedAt} to={task.endedAt} />,
          <Age key="created" at={task.createdAt} />,
        ],
      }))}
    />
  );
}
