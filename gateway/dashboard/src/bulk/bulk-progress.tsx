import type { BulkJson } from "../../../../proto/gen/tss/v1/bulk_service_pb.js";
import { plural } from "../ui/format-count.ts";

export function BulkProgress({ job: { done = 0, total = 0 } }: { readonly job: BulkJson }) {
  return (
    <div className="bulk-progress">
      <progress value={Math.min(done, total)} max={Math.max(total, 1)} aria-label="Done" />
      <span className="tabular">
        {done.toLocaleString("en")} of {plural(total, "task")}
      </span>
    </div>
  );
}

/** What has come of it so far, in a sentence. */
export function outcomeText({ phase, action, done = 0, changed = 0, refused = 0 }: BulkJson): string {
  if (phase === "BULK_PHASE_STOPPED" && done === 0) return "Undone: nothing was touched.";
  const left = done - changed - refused;
  const words = [
    `${plural(changed, "task")} ${action === "BULK_ACTION_CANCEL" ? "cancelled" : "run again"}`,
    left > 0 ? `${left.toLocaleString("en")} had ended before` : "",
    refused > 0 ? `${refused.toLocaleString("en")} refused` : "",
  ].filter((text) => text !== "");
  const begin = {
    BULK_PHASE_DONE: "All done: ",
    BULK_PHASE_STOPPED: "Stopped: ",
    BULK_PHASE_FAILED: "It could not go on: ",
  }[phase as string];
  return `${begin ?? ""}${words.join(", ")}.`;
}
