import type {
  GetOverviewResponse,
  GetServerInfoResponse,
  QueueCounts,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Painter } from "./color.ts";
import { printable } from "./printable.ts";
import { queueTable } from "./queue-table.ts";
import { pairLines } from "./table.ts";
import { msOf, spanText } from "./time.ts";

/** The system on one page. */
export function overviewLines(
  overview: GetOverviewResponse,
  server: GetServerInfoResponse,
  width: number | undefined,
  paint: Painter,
): string[] {
  const upMs = (msOf(server.now) ?? 0) - (msOf(server.startedAt) ?? 0);
  const lines = pairLines(
    [
      [
        "Coordinator",
        `tss ${printable(server.version)}, up ${spanText(upMs)}, ${server.shardsOwned} of ${server.shards} shards`,
      ],
      [
        "Database",
        server.storeOk ? printable(server.store) : paint.red(printable(`${server.store}: ${server.storeProblem}`)),
      ],
      ["Tasks", countsText(overview.counts, paint)],
      ["Workers", `${overview.workers}, ${overview.slotsUsed} of ${overview.slots} slots in use`],
    ],
    paint.dim,
  );
  if (overview.queues.length > 0) lines.push("", ...queueTable(overview.queues, width, paint));
  return lines;
}

/** "3 waiting, 1 running, 40 succeeded, …". */
export function countsText(counts: QueueCounts | undefined, paint: Painter): string {
  const { waiting = 0n, running = 0n, succeeded = 0n, failed = 0n, cancelled = 0n } = counts ?? {};
  const failedText = `${failed} failed`;
  return [
    `${waiting} waiting`,
    running > 0n ? paint.cyan(`${running} running`) : `${running} running`,
    `${succeeded} succeeded`,
    failed > 0n ? paint.red(failedText) : failedText,
    `${cancelled} cancelled`,
  ].join(", ");
}
