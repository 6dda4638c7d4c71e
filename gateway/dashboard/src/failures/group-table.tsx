import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { FailureGroupJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { reasonWord } from "../tasks/state-words.ts";
import { Age } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { Spark } from "../ui/spark.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { GroupBadge } from "./group-look.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Failure" },
  { name: "Seen", wide: true },
  { name: "Queue", wide: true },
  { name: "Attempts", number: true },
  { name: "Tasks", number: true, wide: true },
  { name: "Over the range", wide: true },
  { name: "Last", number: true },
];

/** Failures that are alike, one row each. */
export function GroupTable({ groups }: { readonly groups: readonly FailureGroupJson[] }) {
  return (
    <Table
      name="Failures by kind"
      columns={COLUMNS}
      rows={groups.map((group) => ({ key: group.fingerprint ?? "", cells: cellsOf(group) }))}
    />
  );
}

function cellsOf(group: FailureGroupJson): ReactNode[] {
  const { fingerprint = "", title, errorType, reason, queue, type, attempts, tasks, byPart, lastSeenAt } = group;
  // The titles of commands say how they ended.
  const note = errorType || (title?.includes(reasonWord(reason)) ? "" : reasonWord(reason));
  return [
    <span key="title" className="group-title">
      <Link to="/failures/$group" params={{ group: fingerprint }} className="row-link">
        {displayText(title ?? "", 200)}
      </Link>
      {note !== "" && <span className="row-note">{displayText(note, 80)}</span>}
    </span>,
    <GroupBadge key="badge" group={group} />,
    <span key="queue">
      {queue}
      {type !== undefined && <span className="dim"> {displayText(type, 60)}</span>}
    </span>,
    formatCount(readNumber(attempts)),
    formatCount(readNumber(tasks)),
    <Spark key="spark" values={byPart ?? []} label="Failed attempts in 24 parts of the range" />,
    <Age key="last" at={lastSeenAt} />,
  ];
}
