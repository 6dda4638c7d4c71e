import { useStore } from "../ui/store.ts";
import { formatAge, formatDuration, formatShort, formatTime, readStamp, zone } from "./format.ts";
import { serverNow } from "./server-clock.ts";
import { useNow } from "./ticking.ts";

/** A moment as its distance from now; its date and time are there to point at and to read aloud. */
export function Age({ at }: { readonly at: string | undefined }) {
  const now = useNow();
  const where = useStore(zone);
  const ms = readStamp(at);
  if (ms === undefined) return <span className="dim">–</span>;
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={`${formatTime(ms, where, true)}${where === "utc" ? " UTC" : ""}`}
    >
      {formatAge(ms, now)}
    </time>
  );
}

/** A moment as date and time in the chosen zone. @param props.short without the date when it was today. */
export function Moment(props: {
  readonly at: string | undefined;
  readonly fraction?: boolean;
  readonly short?: boolean;
}) {
  const { at, fraction = false, short = false } = props;
  const where = useStore(zone);
  const ms = readStamp(at);
  if (ms === undefined) return <span className="dim">–</span>;
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      className="tabular"
      title={short ? formatTime(ms, where, true) : undefined}
    >
      {short ? formatShort(ms, serverNow(), where) : formatTime(ms, where, fraction)}
      {where === "utc" ? " UTC" : ""}
    </time>
  );
}

/** From one moment to another, or to now while there is no other. */
export function Span(props: { readonly from: string | undefined; readonly to: string | undefined }) {
  const now = useNow();
  const from = readStamp(props.from);
  if (from === undefined) return <span className="dim">–</span>;
  return <span className="tabular">{formatDuration(Math.max((readStamp(props.to) ?? now) - from, 0))}</span>;
}
