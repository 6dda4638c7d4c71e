import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { formatCount } from "../ui/format-count.ts";
import { formatShare, readNumber } from "../ui/number.ts";
import { Spark } from "../ui/spark.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useHeldOrder } from "../ui/use-held-order.ts";
import { QueueBadge } from "./queue-badge.tsx";
import { heldOf } from "./queue-look.ts";

const COLUMNS: readonly Column[] = [
  { name: "Queue" },
  { name: "State" },
  { name: "Ready", number: true },
  { name: "Oldest", number: true },
  { name: "Held", number: true, wide: true },
  { name: "Running", number: true, wide: true },
  { name: "In / min", number: true, wide: true },
  { name: "Out / min", number: true, wide: true },
  { name: "Failed", number: true, wide: true },
  { name: "Ended, 30 min", number: true, wide: "very" },
];

/** A queue as it is listed; `limit` is known where the settings of the queue are. */
export type ListedQueue = Pick<QueueJson, "name" | "paused" | "pauseNote" | "limit" | "stats">;

/** Queues, worst first as long as nobody points at one. */
export function QueueTable({ queues }: { readonly queues: readonly ListedQueue[] }) {
  const byName = new Map(queues.map((queue) => [queue.name ?? "", queue]));
  const worstFirst = [...queues].sort((a, b) => badness(b) - badness(a) || ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  const { order, hold } = useHeldOrder(worstFirst.map(({ name }) => name ?? ""));
  const rows = order.flatMap((name) => {
    const queue = byName.get(name);
    return queue === undefined ? [] : [{ key: name, cells: cellsOf(queue) }];
  });
  return <Table name="Queues, worst first" columns={COLUMNS} rows={rows} hold={hold} />;
}

function badness({ stats }: ListedQueue): number {
  return readNumber(stats?.badness);
}

function cellsOf(queue: ListedQueue): ReactNode[] {
  const { name = "", stats, limit } = queue;
  const age = readSeconds(stats?.oldestReadyAge);
  return [
    <Link key="name" to="/queue/$name" params={{ name }} className="row-link">
      {name}
    </Link>,
    <QueueBadge key="state" queue={queue} />,
    formatCount(readNumber(stats?.states?.ready)),
    age === undefined ? <span className="dim">–</span> : formatDuration(age),
    formatCount(heldOf(stats)),
    <span key="running">
      {formatCount(readNumber(stats?.states?.running))}
      {limit !== undefined && limit > 0 && <span className="dim"> of {formatCount(limit)}</span>}
    </span>,
    formatCount(readNumber(stats?.inPerMinute)),
    formatCount(readNumber(stats?.outPerMinute)),
    formatShare(stats?.failureRatio),
    <Spark key="spark" values={stats?.finishedByMinute ?? []} label="Tasks ended in each of the last 30 minutes" />,
  ];
}
