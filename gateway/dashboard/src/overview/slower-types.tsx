import { Link } from "@tanstack/react-router";
import type { SlowerTypeJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { displayText } from "../ui/display-text.ts";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { Table } from "../ui/table.tsx";

/** What runs slower than it used to. */
export function SlowerTypes({ slower }: { readonly slower: readonly SlowerTypeJson[] }) {
  if (slower.length === 0) return null;
  const span = (text: string | undefined) => formatDuration(readSeconds(text) ?? 0);
  return (
    <section className="part">
      <h2>Slower than usual</h2>
      <Table
        name="Slower than usual"
        columns={[
          { name: "Handler" },
          { name: "p95, last hour", number: true },
          { name: "p95, 7 days before", number: true },
          { name: "Runs", number: true, wide: true },
          { name: "New version", wide: true },
        ]}
        rows={slower.map(({ type = "", p95, baselineP95, runs, version }) => ({
          key: type,
          cells: [
            <Link key="type" to="/tasks" search={{ q: `type:${type}` }} className="row-link">
              {displayText(type, 100)}
            </Link>,
            span(p95),
            span(baselineP95),
            formatCount(readNumber(runs)),
            displayText(version ?? "–", 40),
          ],
        }))}
      />
    </section>
  );
}
