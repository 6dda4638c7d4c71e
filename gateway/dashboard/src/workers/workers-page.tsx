import { useState } from "react";
import type { WorkerJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { useRows } from "../live/use-topic.ts";
import { FilterField } from "../ui/filter-field.tsx";
import { plural } from "../ui/format-count.ts";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { ComingsAndGoings } from "./comings-and-goings.tsx";
import { WorkerNumbers } from "./worker-numbers.tsx";
import { WorkerTable } from "./worker-table.tsx";

/** Rows shown at most: past it, one filters. */
const MOST = 200;

/** Every worker that holds a session, and those that have left or were lost. */
export function WorkersPage() {
  useTitle("Workers");
  const { state, problem } = useRows<WorkerJson>("workers");
  const [filter, setFilter] = useState("");
  const all = state === undefined ? undefined : state.order.flatMap((id) => state.rows[id] ?? []);
  const wanted = filter.trim().toLowerCase();
  const found = all?.filter((worker) => wordsOf(worker).includes(wanted));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Workers</h1>
        {all !== undefined && all.length > 5 && (
          <FilterField label="Filter workers" value={filter} onChange={setFilter} />
        )}
      </div>
      {problem !== undefined && <Note meaning="attention">{problem.detail}</Note>}
      {all === undefined || found === undefined ? (
        problem === undefined && <Skeleton />
      ) : all.length === 0 ? (
        <Empty title="No worker is connected.">
          <p>Tasks wait until one comes. Start an agent on any machine that reaches the coordinator:</p>
          <pre>TSS_COORDINATOR=host:7400 TSS_API_KEY=tss_… npx tss-agent</pre>
        </Empty>
      ) : (
        <>
          <WorkerNumbers workers={all} />
          <WorkerTable workers={found.slice(0, MOST)} />
          {found.length > MOST && (
            <p className="dim">{plural(found.length - MOST, "more worker")}: filter to see them.</p>
          )}
        </>
      )}
      <ComingsAndGoings />
    </div>
  );
}

/** What a worker may be found by. */
function wordsOf({ info = {} }: WorkerJson): string {
  const labels = Object.entries(info.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [info.name, info.hostname, info.version, ...(info.queues ?? []), ...(info.types ?? []), ...labels]
    .join(" ")
    .toLowerCase();
}
