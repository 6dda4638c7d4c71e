import { useQuery } from "@tanstack/react-query";
import { ActivityList } from "../activity/activity-list.tsx";
import { call } from "../api/call.ts";
import { may } from "../session/session.ts";

const AGAIN_MS = 5_000;
const SHOWN = 10;

/** Workers that came, left and were lost: those that are gone are in no list of workers. */
export function ComingsAndGoings() {
  const { data } = useQuery({
    queryKey: ["activity", "workers"],
    queryFn: ({ signal }) =>
      call(
        "StatsService",
        "listActivity",
        { kind: ["ACTIVITY_KIND_WORKER", "ACTIVITY_KIND_DEPLOY"], limit: SHOWN },
        signal,
      ),
    refetchInterval: AGAIN_MS,
    enabled: may("StatsService/ListActivity"),
  });
  const entries = data?.entries ?? [];
  if (entries.length === 0) return null;
  return (
    <section className="part">
      <h2>Came, left and lost</h2>
      <ActivityList entries={entries} day="h3" />
    </section>
  );
}
