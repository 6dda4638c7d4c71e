import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button } from "../ui/button.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { ActivityList } from "./activity-list.tsx";
import { useActivity } from "./use-activity.ts";

const KINDS = [
  ["action", "Actions"],
  ["problem", "Problems"],
  ["deploy", "Versions"],
  ["worker", "Workers"],
  ["system", "System"],
] as const;

/** Who did what, and what happened by itself. */
export function ActivityPage() {
  useTitle("Activity");
  const { kind } = useSearch({ from: "/in/activity" });
  const navigate = useNavigate();
  const { entries, problem, more, reading, readMore } = useActivity(kind);
  const choose = (next?: string) =>
    void navigate({ to: "/activity", search: next === undefined ? {} : { kind: next }, replace: true });
  return (
    <div className="page">
      <h1>Activity</h1>
      <fieldset className="filters">
        <legend className="off-screen">Kind</legend>
        <button type="button" className="filter" aria-pressed={kind === undefined} onClick={() => choose()}>
          All
        </button>
        {KINDS.map(([id, label]) => (
          <button key={id} type="button" className="filter" aria-pressed={kind === id} onClick={() => choose(id)}>
            {label}
          </button>
        ))}
      </fieldset>
      {problem !== undefined && <Note meaning="bad">{problem}</Note>}
      {entries === undefined ? (
        problem === undefined && <Skeleton />
      ) : entries.length === 0 ? (
        <Empty title="Nothing of this kind has happened yet." />
      ) : (
        <ActivityList entries={entries} day="h2" />
      )}
      {more && (
        <Button className="more" busy={reading} onClick={readMore}>
          Show earlier ones
        </Button>
      )}
    </div>
  );
}
