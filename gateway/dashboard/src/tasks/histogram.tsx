import { useState } from "react";
import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { minutesOf, RANGES, type RangeId } from "../charts/ranges.ts";
import { type Series, useSeries } from "../charts/use-series.ts";
import { formatShort, readStamp, type Zone, zone } from "../time/format.ts";
import { serverNow } from "../time/server-clock.ts";
import { Button } from "../ui/button.tsx";
import { formatCount } from "../ui/format-count.ts";
import { readNumber } from "../ui/number.ts";
import { useStore } from "../ui/store.ts";
import { createdText, type Stretch, stretchOf, windowOf } from "./brush.ts";
import { BrushField } from "./brush-field.tsx";
import "../styles/histogram.css";

/** When tasks came, to choose a time from with the mouse or with keys. Counted from rollups: of a queue and a handler, or of all. */
export function Histogram(props: {
  readonly request: ListTasksRequestJson;
  readonly range: string | undefined;
  readonly onRange: (range: RangeId) => void;
  /** As a search has it; empty: any time. */
  readonly onCreated: (created: string) => void;
}) {
  const { request, range, onRange, onCreated } = props;
  const [after, before] = [readStamp(request.createdAfter), readStamp(request.createdBefore)];
  const shown = windowOf(range, after, serverNow());
  const { queue = "" } = request;
  const type = typeOf(request);
  const { series } = useSeries({ minutes: minutesOf(shown), queue, ...(type === undefined ? {} : { type }) }, true);
  const [draft, setDraft] = useState<Stretch>();
  const [pointed, setPointed] = useState<number>();
  const where = useStore(zone);
  const chosen = series === undefined ? null : draft === undefined ? stretchOf(series, after, before) : draft;
  const commit = (stretch: Stretch) => {
    setDraft(undefined);
    if (series !== undefined) onCreated(createdText(series, stretch));
  };
  const told = pointed === undefined ? chosen : ([pointed, pointed] as const);
  return (
    <section className="histogram" aria-label="When they came">
      <div className="histogram-head">
        <p className="hint tabular">
          {series === undefined ? "…" : tellStretch(series, told, where)}
          {hasMore(request) && <span> in {placeText(request)}, whatever else is searched for</span>}
        </p>
        {(after !== undefined || before !== undefined) && (
          <Button look="quiet" glyph="cross" onClick={() => onCreated("")}>
            Any time
          </Button>
        )}
        <select aria-label="Time shown" value={shown} onChange={(event) => onRange(event.target.value as RangeId)}>
          {RANGES.map(({ id, label }) => (
            <option key={id} value={id}>
              last {label}
            </option>
          ))}
        </select>
      </div>
      {series === undefined ? (
        <div className="brush" />
      ) : (
        <BrushField
          counts={series.buckets.map((bucket) => (bucket === undefined ? undefined : countOf(bucket)))}
          chosen={chosen}
          labelOf={(index) => timeOf(series, index, where)}
          onPoint={setPointed}
          onDraft={setDraft}
          onChoose={commit}
        />
      )}
    </section>
  );
}

const countOf = (bucket: NonNullable<Series["buckets"][number]>): number => readNumber(bucket.flow?.submitted);

/** Start of a bucket; of the one behind the last, the end of all. */
function timeOf({ times, bucketSeconds }: Series, index: number, where: Zone): string {
  const at = times[index] ?? (times.at(-1) ?? 0) + bucketSeconds;
  const text = formatShort(at * 1_000, serverNow(), where);
  return bucketSeconds < 60 ? text : text.slice(0, -3);
}

function tellStretch(series: Series, stretch: Stretch, where: Zone): string {
  const [from, to] = stretch ?? [0, series.buckets.length - 1];
  const inside = series.buckets.slice(from, to + 1);
  const sum = inside.reduce((all, bucket) => all + (bucket === undefined ? 0 : countOf(bucket)), 0);
  return `${timeOf(series, from, where)} – ${timeOf(series, to + 1, where)}: ${formatCount(sum)} submitted`;
}

/** Whether there are conditions that rollups know nothing of. */
function hasMore(request: ListTasksRequestJson): boolean {
  const { queue, type, createdAfter, createdBefore, ...more } = request;
  return Object.keys(more).length > 0 || type !== typeOf(request);
}

/** Counters are of one handler, or of all. */
function typeOf({ type }: ListTasksRequestJson): string | undefined {
  return type?.endsWith("*") === true ? undefined : type;
}

function placeText(request: ListTasksRequestJson): string {
  const { queue } = request;
  const type = typeOf(request);
  const handler = type === undefined ? "" : ` for ${type}`;
  return `${queue === undefined ? "all queues" : `queue ${queue}`}${handler}`;
}
