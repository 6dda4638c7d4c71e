import { STATUSES } from "../../../../proto/search/fields.ts";
import { formatCount } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { stateLook } from "./state-words.ts";
import type { OverviewCounts } from "./use-counts.ts";

/** The statuses with how many there are of each; pressed ones are what is searched for. None pressed: all. */
export function StatusFilter(props: {
  readonly chosen: readonly string[];
  readonly counts: OverviewCounts | undefined;
  readonly onChange: (statuses: readonly string[]) => void;
}) {
  const { chosen, counts, onChange } = props;
  return (
    <fieldset className="filters">
      <legend className="off-screen">Status</legend>
      <button type="button" className="filter" aria-pressed={chosen.length === 0} onClick={() => onChange([])}>
        All
      </button>
      {STATUSES.map((status) => {
        const { glyph, meaning } = stateLook(`TASK_STATUS_${status.toUpperCase()}` as never);
        const pressed = chosen.includes(status);
        const next = pressed ? chosen.filter((word) => word !== status) : [...chosen, status];
        return (
          <button key={status} type="button" className="filter" aria-pressed={pressed} onClick={() => onChange(next)}>
            <span className={`state ${meaning}`}>
              <Glyph name={glyph} />
            </span>
            {status}
            {counts !== undefined && <span className="count">{formatCount(counts[status])}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}
