import type { QueueTypeStatsJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { type Column, Table } from "../ui/table.tsx";

const COLUMNS: readonly Column[] = [
  { name: "Handler" },
  { name: "Workers", number: true },
  { name: "In", number: true, wide: true },
  { name: "Succeeded", number: true, wide: true },
  { name: "Failed", number: true },
  { name: "Wait p95", number: true, wide: true },
  { name: "Run p95", number: true },
];

const span = (text: string | undefined): string => {
  const ms = readSeconds(text);
  return ms === undefined ? "–" : formatDuration(ms);
};

/** What the queue's tasks are, over the last five minutes. */
export function TypeTable({ types }: { readonly types: readonly QueueTypeStatsJson[] }) {
  if (types.length === 0) return null;
  return (
    <section className="part">
      <h2>What ran in the last 5 minutes</h2>
      <Table
        name="By handler"
        columns={COLUMNS}
        rows={types.map(({ type = "", workers, flow, wait, run }) => ({
          key: type,
          cells: [
            type === "" ? <span className="dim">commands</span> : displayText(type),
            formatCount(readNumber(workers)),
            formatCount(readNumber(flow?.submitted)),
            formatCount(readNumber(flow?.succeeded)),
            formatCount(readNumber(flow?.failed)),
            span(wait?.p95),
            span(run?.p95),
          ],
        }))}
      />
    </section>
  );
}
