import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import type { QueueStatsJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { formatCount } from "../ui/format-count.ts";
import { formatShare, readNumber } from "../ui/number.ts";
import { Spark } from "../ui/spark.tsx";
import { Tiles } from "../ui/tiles.tsx";
import { heldOf } from "./queue-look.ts";

const span = (text: string | undefined): string => {
  const ms = readSeconds(text);
  return ms === undefined ? "–" : formatDuration(ms);
};

export function QueueNumbers({ queue }: { readonly queue: QueueJson }) {
  const { stats = {}, limit = 0 } = queue;
  const { states = {}, wait, run } = stats;
  const ready = readNumber(states.ready);
  return (
    <Tiles
      tiles={[
        {
          name: "Ready",
          value: formatCount(ready),
          note: ready === 0 ? "nothing waits for a worker" : readyNote(stats),
        },
        {
          name: "Running",
          value: formatCount(readNumber(states.running)),
          note: limit > 0 ? `limit ${formatCount(limit)}` : "no limit",
        },
        { name: "Held", value: formatCount(heldOf(stats)), note: heldNote(stats.states) },
        {
          name: "In / min",
          value: formatCount(readNumber(stats.inPerMinute)),
          note: <>out {formatCount(readNumber(stats.outPerMinute))}</>,
          spark: <Spark values={stats.finishedByMinute ?? []} label="Tasks ended in each of the last 30 minutes" />,
        },
        { name: "Failed", value: formatShare(stats.failureRatio), note: "last 10 min" },
        { name: "Wait p95", value: span(wait?.p95), note: <>p50 {span(wait?.p50)}</> },
        { name: "Run p95", value: span(run?.p95), note: <>p50 {span(run?.p50)}</> },
      ]}
    />
  );
}

function readyNote({ oldestReadyAge, drain }: QueueStatsJson): string {
  const oldest = `oldest ${span(oldestReadyAge)}`;
  return drain === undefined ? `${oldest}; never drained` : `${oldest}; drained in ${span(drain)}`;
}

function heldNote(states: Readonly<Record<string, unknown>> = {}): string {
  const parts = ["scheduled", "retrying", "paused", "throttled", "blocked"]
    .map((word) => [word, readNumber(states[word] as string | undefined)] as const)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${formatCount(count)} ${word}`);
  return parts.join(", ") || "nothing";
}
