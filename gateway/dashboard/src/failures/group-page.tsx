import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FailureGroupJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { startBulk } from "../bulk/bulk.ts";
import { may } from "../session/session.ts";
import { reasonWord } from "../tasks/state-words.ts";
import { TaskTeasers } from "../tasks/task-teasers.tsx";
import { serverNow } from "../time/server-clock.ts";
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

const AGAIN_MS = 5_000;
/** Groups are kept as long as numbers are. */
const RANGE_MS = 399 * 86_400_000;

/** One kind of failure: its text, when and where it came from, and tasks that show it. */
export function GroupPage() {
  const { group: fingerprint } = useParams({ from: "/in/failures/$group" });
  const { data, error } = useQuery({
    queryKey: ["failure", fingerprint],
    queryFn: ({ signal }) => {
      const from = new Date(serverNow() - RANGE_MS).toISOString();
      return call("StatsService", "listFailureGroups", { from, fingerprint }, signal);
    },
    refetchInterval: AGAIN_MS,
  });
  const group = data?.groups?.[0];
  useTitle(group?.title ?? "Failure");
  return (
    <div className="page">
      {group === undefined && <Crumbs to="/failures" list="Failures" name={fingerprint.slice(0, 16)} />}
      {error !== null && <Note meaning="bad">{toProblem(error).message}</Note>}
      {group !== undefined ? (
        <Shown group={group} />
      ) : (
        <>
          <h1>Failure</h1>
          {data === undefined ? (
            error === null && <Skeleton />
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
