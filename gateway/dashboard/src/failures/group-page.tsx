import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FailureGroupJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { startBulk } from "../bulk/bulk.ts";
import { useRows } from "../live/use-topic.ts";
import { may } from "../session/session.ts";
import { reasonWord } from "../tasks/state-words.ts";
import { TaskTeasers } from "../tasks/task-teasers.tsx";
import { Age, Moment } from "../time/time.tsx";
import { Button } from "../ui/button.tsx";
import { Crumbs } from "../ui/crumbs.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { formatCount } from "../ui/format-count.ts";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { readNumber } from "../ui/number.ts";
import { useTitle } from "../ui/use-title.ts";
import { GroupBadge } from "./group-look.tsx";

/** Groups are kept as long as numbers are. */
const MINUTES = 399 * 1_440;

/** One kind of failure: its text, when and where it came from, and tasks that show it. */
export function GroupPage() {
  const { group: fingerprint } = useParams({ from: "/in/failures/$group" });
  const topic = `failures ${JSON.stringify({ minutes: MINUTES, fingerprint })}`;
  const { state, problem } = useRows<FailureGroupJson>(topic);
  const group = state?.rows[state.order[0] ?? ""];
  useTitle(group?.title ?? "Failure");
  return (
    <div className="page">
      {group === undefined && <Crumbs to="/failures" list="Failures" name={fingerprint.slice(0, 16)} />}
      {problem !== undefined && <Note meaning="bad">{problem.detail}</Note>}
      {group !== undefined ? (
        <Shown group={group} />
      ) : (
        <>
          <h1>Failure</h1>
          {state === undefined ? (
            problem === undefined && <Skeleton />
          ) : (
            <Empty title="There is no such kind of failure.">
              <p>It never was, or lies further back than numbers are kept.</p>
            </Empty>
          )}
        </>
      )}
    </div>
  );
}

function Shown({ group }: { readonly group: FailureGroupJson }) {
  const { title, sampleMessage, sampleTaskIds = [], queue = "", fingerprint = "" } = group;
  return (
    <>
      <header className="task-header">
        <Crumbs to="/failures" list="Failures" name={fingerprint.slice(0, 16)} />
        <div className="task-title">
          <h1>{displayText(title ?? "", 200)}</h1>
          <GroupBadge group={group} />
        </div>
        {may("BulkService/RunBulk") && (
          <div className="actions">
            <Button
              glyph="retry"
              onClick={() =>
                void startBulk("retry", { filter: { queue, failure: fingerprint } }, "all that failed like this")
              }
            >
              Run all again
            </Button>
          </div>
        )}
      </header>
      <div className="task-columns">
        <div className="parts">
          <section className="part">
            <h2>One of its texts</h2>
            <pre className="sample">{displayText(sampleMessage ?? "")}</pre>
          </section>
          <section className="part">
            <div className="page-head">
              <h2>Newest tasks with it</h2>
              <Link to="/tasks" search={{ q: `queue:${queue} failure:${fingerprint}` }}>
                All that failed like this
              </Link>
            </div>
            <TaskTeasers ids={sampleTaskIds} />
          </section>
        </div>
        <aside className="rail" aria-label="Summary">
          <Facts facts={factsOf(group)} />
        </aside>
      </div>
    </>
  );
}

function factsOf(group: FailureGroupJson): [string, ReactNode][] {
  const { queue = "", type, reason, errorType, totalAttempts, tasks, firstSeenAt, lastSeenAt } = group;
  const { firstVersion, lastVersion } = group;
  const facts: ([string, ReactNode] | false)[] = [
    [
      "Queue",
      <Link key="q" to="/queue/$name" params={{ name: queue }}>
        {queue}
      </Link>,
    ],
    ["Handler", type === undefined ? "commands" : displayText(type, 200)],
    ["Reason", reasonWord(reason)],
    errorType !== undefined && ["Error", displayText(errorType, 200)],
    ["Attempts", formatCount(readNumber(totalAttempts))],
    ["Tasks ended", formatCount(readNumber(tasks))],
    ["First seen", <Moment key="f" at={firstSeenAt} />],
    ["Last seen", <Age key="l" at={lastSeenAt} />],
    firstVersion !== undefined && ["First version", displayText(firstVersion, 60)],
    lastVersion !== undefined && ["Last version", displayText(lastVersion, 60)],
  ];
  return facts.filter((fact) => fact !== false);
}
