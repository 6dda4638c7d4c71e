import { formatDuration, readSeconds } from "../time/format.ts";
import { formatCount } from "../ui/format-count.ts";
import { formatShare, readNumber } from "../ui/number.ts";
import { Spark } from "../ui/spark.tsx";
import { Tiles } from "../ui/tiles.tsx";
import type { OverviewNow } from "./use-overview.ts";

const span = (text: string | undefined): string => {
  const ms = readSeconds(text);
  return ms === undefined ? "–" : formatDuration(ms);
};

/** The numbers of the first page: flow and stock together, as either alone may deceive. */
export function OverviewNumbers({ now }: { readonly now: OverviewNow }) {
  const { totals } = now;
  const { wait } = totals;
  const ready = readNumber(totals.states?.ready);
  const [slots, used] = [readNumber(totals.slots), readNumber(totals.slotsUsed)];
  const needed = totals.neededSlots;
  const short = needed !== undefined && needed > slots;
  return (
    <Tiles
      tiles={[
        { name: "In / min", value: formatCount(readNumber(totals.inPerMinute)), note: steadyNote(totals.pressure) },
        {
          name: "Out / min",
          value: formatCount(readNumber(totals.outPerMinute)),
          spark: <Spark values={totals.finishedByMinute ?? []} label="Tasks ended in each of the last 30 minutes" />,
        },
        { name: "Failed", value: formatShare(totals.failureRatio), note: "last 10 min" },
        {
          name: "Wait p95",
          value: span(wait?.p95),
          note: (
            <>
              p50 {span(wait?.p50)}, p99 {span(wait?.p99)}
            </>
          ),
        },
        { name: "Oldest ready", value: span(totals.oldestReadyAge), note: `${formatCount(ready)} ready` },
        {
          name: "Drained in",
          value: ready === 0 ? "–" : totals.drain === undefined ? "never" : span(totals.drain),
          note: ready === 0 ? "nothing is ready" : "at this rate",
        },
        {
          name: "Slots in use",
          value: (
            <>
              {formatCount(used)} <span className="dim">of {formatCount(slots)}</span>
            </>
          ),
          note: needed === undefined ? `${readNumber(totals.workers)} workers` : `${formatCount(needed)} needed`,
          meaning: short ? "attention" : undefined,
        },
      ]}
    />
  );
}

/** In to out: between 0.95 and 1.05 it is steady. */
function steadyNote(pressure: number | string | undefined): string {
  if (pressure === undefined) return "nothing has ended";
  const ratio = readNumber(pressure);
  if (ratio > 1.05) return "growing";
  return ratio < 0.95 ? "shrinking" : "steady";
}
