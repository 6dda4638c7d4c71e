import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import "../styles/overview.css";
import { FlowCharts } from "../charts/flow-charts.tsx";
import { lookOf, readRange } from "../charts/ranges.ts";
import { GroupTable } from "../failures/group-table.tsx";
import { QueueTable } from "../queues/queue-table.tsx";
import { Note, Skeleton } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { useTitle } from "../ui/use-title.ts";
import { FirstSteps } from "./first-steps.tsx";
import { OverviewNumbers } from "./overview-numbers.tsx";
import { ProblemList } from "./problem-list.tsx";
import { SlowerTypes } from "./slower-types.tsx";
import { StateBar } from "./state-bar.tsx";
import { type OverviewNow, useOverview } from "./use-overview.ts";
import { VerdictBanner } from "./verdict-banner.tsx";

/** Queues shown here; the rest is on their page. */
const QUEUES = 8;

/** The first page: how it stands in a sentence, then the numbers, then what to look at. */
export function OverviewPage() {
  useTitle("Overview");
  const { now, problem } = useOverview();
  return (
    <div className="page overview">
      <h1>Overview</h1>
      {problem !== undefined && <Note meaning="attention">{problem.detail}</Note>}
      {now === undefined ? problem === undefined && <Skeleton rows={8} /> : <Parts now={now} />}
    </div>
  );
}

function Parts({ now }: { readonly now: OverviewNow }) {
  const { range, compare } = useSearch({ from: "/in/" });
  const navigate = useNavigate();
  if (now.queues.length === 0) return <FirstSteps workers={readNumber(now.totals.workers)} />;
  return (
    <>
      <VerdictBanner now={now} />
      <OverviewNumbers now={now} />
      <StateBar states={now.totals.states} />
      <FlowCharts
        queue=""
        range={readRange(range)}
        compare={compare === true}
        onLook={(next) => void navigate({ to: "/", search: lookOf(next), replace: true })}
      />
      <section className="part">
        <h2>Problems</h2>
        <ProblemList problems={now.problems} />
      </section>
      <section className="part">
        <div className="page-head">
          <h2>Queues, worst first</h2>
          <Link to="/queues">All queues</Link>
        </div>
        <QueueTable
          queues={now.queues.slice(0, QUEUES).map((stats) => ({
            name: stats.queue ?? "",
            paused: stats.paused ?? false,
            stats,
          }))}
        />
      </section>
      {now.failures.length > 0 && (
        <section className="part">
          <div className="page-head">
            <h2>Failing in the last 24 hours</h2>
            <Link to="/failures">All failures</Link>
          </div>
          <GroupTable groups={now.failures} />
        </section>
      )}
      <SlowerTypes slower={now.slower} />
    </>
  );
}
