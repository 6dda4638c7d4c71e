import { useState } from "react";
import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { useRows } from "../live/use-topic.ts";
import { FilterField } from "../ui/filter-field.tsx";
import { plural } from "../ui/format-count.ts";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { QueueTable } from "./queue-table.tsx";

/** Rows shown at most: past it, one filters. */
const MOST = 200;

/** Every queue there is, the one that needs a person at the top. */
export function QueuesPage() {
  useTitle("Queues");
  const { state, problem } = useRows<QueueJson>("queues");
  const [filter, setFilter] = useState("");
  const all = state === undefined ? undefined : state.order.flatMap((name) => state.rows[name] ?? []);
  const found = all?.filter(({ name }) => name?.includes(filter.trim().toLowerCase()));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Queues</h1>
        {all !== undefined && all.length > 5 && (
          <FilterField label="Filter queues" value={filter} onChange={setFilter} />
        )}
      </div>
      {problem !== undefined && <Note meaning="attention">{problem.detail}</Note>}
      {found === undefined ? (
        problem === undefined && <Skeleton />
      ) : found.length === 0 ? (
        <Empty title={filter === "" ? "There are no queues yet." : "No queue has this in its name."}>
          {filter === "" && <p>A queue is there as soon as a task names it.</p>}
        </Empty>
      ) : (
        <>
          <QueueTable queues={found.slice(0, MOST)} />
          {found.length > MOST && (
            <p className="dim">{plural(found.length - MOST, "more queue")}: filter to see them.</p>
          )}
        </>
      )}
    </div>
  );
}
