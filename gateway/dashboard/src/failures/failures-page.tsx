import { useNavigate, useSearch } from "@tanstack/react-router";
import type { FailureGroupJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { RangePicker } from "../charts/range-picker.tsx";
import { minutesOf, type RangeId, readRange } from "../charts/ranges.ts";
import "../styles/charts.css";
import { useLast, useRows } from "../live/use-topic.ts";
import { plural } from "../ui/format-count.ts";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { GroupTable } from "./group-table.tsx";

const MOST = 100;

/** Failures by kind: the new and the returned first, then the most frequent. */
export function FailuresPage() {
  useTitle("Failures");
  const search = useSearch({ from: "/in/failures" });
  const navigate = useNavigate();
  const range: RangeId = search.range === undefined ? "24h" : readRange(search.range);
  const topic = `failures ${JSON.stringify({ minutes: minutesOf(range), limit: MOST })}`;
  const { state, problem } = useRows<FailureGroupJson>(topic);
  const data = useLast(state);
  const groups = data?.order.map((fingerprint) => data.rows[fingerprint] as FailureGroupJson) ?? [];
  const more = Number(data?.rest["total"] ?? 0) - groups.length;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Failures</h1>
        <RangePicker
          range={range}
          onChange={(next) => void navigate({ to: "/failures", search: { range: next }, replace: true })}
        />
      </div>
      {problem !== undefined && <Note meaning="bad">{problem.detail}</Note>}
      {data === undefined ? (
        problem === undefined && <Skeleton />
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
