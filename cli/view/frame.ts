import type { GetOverviewResponse } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Painter } from "../render/color.ts";
import { countsText } from "../render/overview.ts";
import { taskTable } from "../render/task-table.ts";
import { countOf } from "../render/words.ts";
import type { LiveTasks } from "./live-tasks.ts";

/** Lines around the tasks: counts, a blank line, the titles, a blank line, the keys. */
export const FRAME_LINES = 5;

/** One frame of `tss task view`. */
export function frameLines(
  live: LiveTasks,
  overview: GetOverviewResponse | undefined,
  size: { readonly width: number; readonly height: number },
  now: number,
  paint: Painter,
): string[] {
  const rows = Math.max(1, size.height - FRAME_LINES);
  const head =
    overview === undefined
      ? ""
      : `${countsText(overview.counts, paint)}; ${countOf(overview.workers, "worker")}, ${overview.slotsUsed}/${overview.slots} slots`;
  const table = taskTable(live.tasks.slice(0, rows), now, size.width, paint);
  const [titles = "", ...tasks] = table;
  const state = live.connected ? "" : paint.yellow("  connection lost, trying again");
  const body = tasks.length === 0 && live.connected ? [paint.dim("No tasks match.")] : tasks;
  return [head, "", paint.dim(titles), ...body, "", paint.dim("q quits") + state];
}
