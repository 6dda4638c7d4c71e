import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ActivityKindJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Note, Skeleton } from "../ui/note.tsx";
import { useTitle } from "../ui/use-title.ts";
import { ActivityList } from "./activity-list.tsx";

const KINDS = [
  ["action", "Actions"],
  ["problem", "Problems"],
  ["deploy", "Versions"],
  ["worker", "Workers"],
  ["system", "System"],
] as const;

const PAGE = 50;
const AGAIN_MS = 5_000;

/** Who did what, and what happened by itself. */
export function ActivityPage() {
  useTitle("Activity");
  const { kind } = useSearch({ from: "/in/activity" });
  const navigate = useNavigate();
  const read = useInfiniteQuery({
    queryKey: ["activity", kind],
    queryFn: ({ pageParam, signal }) =>
      call(
        "StatsService",
        "listActivity",
        {
          limit: PAGE,
          ...(pageParam === "" ? {} : { cursor: pageParam }),
          ...(kind === undefined ? {} : { kind: [`ACTIVITY_KIND_${kind.toUpperCase()}` as ActivityKindJson] }),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor || undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 1) === 1 ? AGAIN_MS : false),
    placeholderData: (before) => before,
  });
  const entries = read.data?.pages.flatMap((page) => page.entries ?? []) ?? [];
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
      {read.error !== null && <Note meaning="bad">{toProblem(read.error).message}</Note>}
      {read.data === undefined ? (
        read.error === null && <Skeleton />
      ) : entries.length === 0 ? (
        <Empty title="Nothing of this kind has happened yet." />
      ) : (
        <ActivityList entries={entries} day="h2" />
      )}
      {read.hasNextPage && (
        <Button className="more" busy={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </div>
  );
}
