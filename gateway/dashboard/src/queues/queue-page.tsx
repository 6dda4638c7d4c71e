import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type {
  ExplainQueueResponseJson,
  GetQueueResponseJson,
  QueueJson,
} from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { FlowCharts } from "../charts/flow-charts.tsx";
import { lookOf, readRange } from "../charts/ranges.ts";
import { Reasons } from "../explain/reasons.tsx";
import { useValue } from "../live/use-topic.ts";
import { Age } from "../time/time.tsx";
import { Crumbs } from "../ui/crumbs.tsx";
import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { QueueActions } from "./queue-actions.tsx";
import { QueueBadge } from "./queue-badge.tsx";
import { queueLook } from "./queue-look.ts";
import { QueueNumbers } from "./queue-numbers.tsx";
import { TypeTable } from "./type-table.tsx";

/** One queue: why its work waits, its numbers, and what can be done with it. */
export function QueuePage() {
  const { name } = useParams({ from: "/in/queue/$name" });
  const { range, compare } = useSearch({ from: "/in/queue/$name" });
  const navigate = useNavigate();
  useTitle(`Queue ${name}`);
  const request = JSON.stringify({ name });
  const read = useValue<GetQueueResponseJson>(`queue ${request}`);
  const why = useValue<ExplainQueueResponseJson>(`explain-queue ${request}`);
  const queue = read.state?.queue;
  if (queue === undefined)
    return (
      <div className="page">
        <Crumbs to="/queues" list="Queues" name={name} />
        <h1>{displayText(name, 63)}</h1>
        {read.problem === undefined ? (
          <Skeleton />
        ) : read.problem.final ? (
          <Empty title="There is no such queue.">
            <p>No task and no setting has named it yet.</p>
          </Empty>
        ) : (
          <Note meaning="bad">{read.problem.detail}</Note>
        )}
      </div>
    );
  return (
    <div className="page">
      <header className="task-header">
        <Crumbs to="/queues" list="Queues" name={name} />
        <div className="task-title">
          <h1>{name}</h1>
          <QueueBadge queue={queue} />
          {queue.paused && (
            <span className="dim">
              since <Age at={queue.pausedAt} />
            </span>
          )}
        </div>
        <p>
          <Link to="/tasks" search={{ q: `queue:${name}` }}>
            Its tasks
          </Link>
          {" · "}
          <Link to="/tasks" search={{ q: `queue:${name} status:failed` }}>
            those that failed
          </Link>
        </p>
        <QueueActions queue={queue} />
      </header>
      {read.problem !== undefined && <Note meaning="attention">{read.problem.detail}</Note>}
      <Why queue={queue} why={why.state} />
      <QueueNumbers queue={queue} />
      <FlowCharts
        queue={name}
        range={readRange(range)}
        compare={compare === true}
        onLook={(next) => void navigate({ to: "/queue/$name", params: { name }, search: lookOf(next), replace: true })}
      />
      <TypeTable types={read.state?.types ?? []} />
    </div>
  );
}

function Why({ queue, why }: { readonly queue: QueueJson; readonly why: ExplainQueueResponseJson | undefined }) {
  const { meaning, glyph } = queueLook(queue);
  const reasons = why?.explanations ?? [];
  return (
    <section className={`why ${meaning}`} aria-label="How it goes">
      <Glyph name={glyph} />
      {reasons.length > 0 ? <Reasons reasons={reasons} /> : <p>{displayText(why?.summary ?? "…")}</p>}
    </section>
  );
}
