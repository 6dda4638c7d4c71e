import type { ActivityEntryJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { ActivityList } from "../activity/activity-list.tsx";
import { useRows } from "../live/use-topic.ts";
import { may } from "../session/session.ts";

const SHOWN = 10;
const TOPIC = `activity ${JSON.stringify({ kind: ["ACTIVITY_KIND_WORKER", "ACTIVITY_KIND_DEPLOY"], limit: SHOWN })}`;

/** Workers that came, left and were lost: those that are gone are in no list of workers. */
export function ComingsAndGoings() {
  const { state } = useRows<ActivityEntryJson>(may("StatsService/ListActivity") ? TOPIC : null);
  const entries = state?.order.flatMap((id) => state.rows[id] ?? []) ?? [];
  if (entries.length === 0) return null;
  return (
    <section className="part">
      <h2>Came, left and lost</h2>
      <ActivityList entries={entries} day="h3" />
    </section>
  );
}
