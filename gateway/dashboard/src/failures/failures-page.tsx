import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { RangePicker } from "../charts/range-picker.tsx";
import { minutesOf, type RangeId, readRange } from "../charts/ranges.ts";
import "../styles/charts.css";
import { serverNow } from "../time/server-clock.ts";
import { plural } from "../ui/format-count.ts";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { GroupTable } from "./group-table.tsx";

const AGAIN_MS = 5_000;
const MOST = 100;

/** Failures by kind: the new and the returned first, then the most frequent. */
export function FailuresPage() {
  useTitle("Failures");
  const search = useSearch({ from: "/in/failures" });
  const navigate = useNavigate();
  const range: RangeId = search.range === undefined ? "24h" : readRange(search.range);
  const { data, error } = useQuery({
    queryKey: ["failures", range],
    queryFn: ({ signal }) => {
      const from = new Date(serverNow() - minutesOf(range) * 60_000).toISOString();
      return call("StatsService", "listFailureGroups", { from, limit: MOST }, signal);
    },
    refetchInterval: AGAIN_MS,
    placeholderData: (before) => before,
  });
  const groups = data?.groups ?? [];
  const more = Number(data?.total ?? 0) - groups.length;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Failures</h1>
        <RangePicker
          range={range}
          onChange={(next) => void navigate({ to: "/failures", search: { range: next }, replace: true })}
        />
      </div>
      {error !== null && <Note meaning="bad">{toProblem(error).message}</Note>}
      {data === undefined ? (
        error === null && <Skeleton />
      ) : groups.length === 0 ? (
        <Empty title="Nothing failed in this time.">
          <p>
            Attempts that fail alike appear here as one row: same queue, handler and reason, and the same error text.
          </p>
        </Empty>
      ) : (
        <>
          <GroupTable groups={groups} />
          {more > 0 && <p className="dim">{plural(more, "more kind")} with fewer attempts.</p>}
        </>
      )}
    </div>
  );
}
