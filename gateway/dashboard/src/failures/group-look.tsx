import type { FailureGroupJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { Glyph } from "../ui/glyph.tsx";

/** Whether a group of failures is new, has come back, or is known. */
export function GroupBadge({ group }: { readonly group: FailureGroupJson }) {
  if (group.isNew)
    return (
      <span className="state bad">
        <Glyph name="alert" />
        new
      </span>
    );
  if (group.regressed)
    return (
      <span className="state bad">
        <Glyph name="retry" />
        came back
      </span>
    );
  return (
    <span className="state waiting">
      <Glyph name="cross" />
      known
    </span>
  );
}
