import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { WorkerJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { Age } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { readNumber } from "../ui/number.ts";
import { type Column, Table } from "../ui/table.tsx";
import { Usage } from "../ui/usage.tsx";
import { useHeldOrder } from "../ui/use-held-order.ts";
import { Labels } from "./labels.tsx";
import { WorkerBadge } from "./worker-badge.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Worker" },
  { name: "State" },
  { name: "Slots in use" },
  { name: "Serves", wide: true },
  { name: "Labels", wide: true },
  { name: "Version", wide: true },
  { name: "Heard of", number: true },
];

const RANK: Readonly<Record<string, number>> = { WORKER_STATE_DISCONNECTED: 0, WORKER_STATE_DRAINING: 1 };

/** Silent ones first, then those that drain, then by name. */
export function WorkerTable({ workers }: { readonly workers: readonly WorkerJson[] }) {
  const byId = new Map(workers.map((worker) => [worker.sessionId ?? "", worker]));
  const rank = ({ state }: WorkerJson) => RANK[state ?? ""] ?? 2;
  const sorted = [...workers].sort(
    (a, b) => rank(a) - rank(b) || ((a.info?.name ?? "") < (b.info?.name ?? "") ? -1 : 1),
  );
  const { order, hold } = useHeldOrder(sorted.map(({ sessionId }) => sessionId ?? ""));
  const rows = order.flatMap((id) => {
    const worker = byId.get(id);
    return worker === undefined ? [] : [{ key: id, cells: cellsOf(worker) }];
  });
  return <Table name="Workers" columns={COLUMNS} rows={rows} hold={hold} />;
}

function cellsOf({ sessionId = "", info = {}, state, running, lastSeenAt }: WorkerJson): ReactNode[] {
  const name = displayText(info.name ?? "", 100);
  return [
    <Link key="name" to="/worker/$id" params={{ id: sessionId }} className="row-link">
      {name}
    </Link>,
    <WorkerBadge key="state" state={state} />,
    <Usage key="slots" used={readNumber(running)} of={readNumber(info.slots)} name={`Slots of ${name}`} />,
    servesText(info),
    <Labels key="labels" labels={info.labels ?? {}} />,
    <span key="version" className="dim">
      {displayText(info.version ?? "–", 40)}
    </span>,
    <Age key="seen" at={lastSeenAt} />,
  ];
}

/** What kind of work it takes, and of which queues. */
export function servesText({ commands, types = [], queues = [] }: NonNullable<WorkerJson["info"]>): string {
  const work = [commands ? "commands" : "", ...types].filter((word) => word !== "");
  const more = work.length > 3 ? ` and ${work.length - 3} more` : "";
  const from = queues.length === 0 ? "all queues" : queues.join(", ");
  return displayText(`${work.slice(0, 3).join(", ")}${more} of ${from}`, 200);
}
