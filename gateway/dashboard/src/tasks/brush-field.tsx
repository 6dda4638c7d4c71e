import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { moveEdge, type Stretch } from "./brush.ts";

/** Keys that come in a row are one choice. */
const PAUSE_MS = 600;

/** Bars over time with two edges: drawn over with the pointer, or moved with arrow keys. */
export function BrushField(props: {
  /** undefined: nobody counted then. */
  readonly counts: readonly (number | undefined)[];
  readonly chosen: Stretch;
  readonly labelOf: (index: number) => string;
  readonly onPoint: (index: number | undefined) => void;
  /** While it is drawn. */
  readonly onDraft: (stretch: Stretch) => void;
  readonly onChoose: (stretch: Stretch) => void;
}) {
  const { counts, chosen, labelOf, onPoint, onDraft, onChoose } = props;
  const begun = useRef<number>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const count = Math.max(counts.length, 1);
  const [from, to] = chosen ?? [0, count - 1];
  const placeOf = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((clientX - left) / width) * count), 0), count - 1);
  };
  const stretchTo = (at: number): Stretch => {
    const start = begun.current ?? at;
    return [Math.min(start, at), Math.max(start, at)];
  };
  const keys = (edge: 0 | 1) => (event: KeyboardEvent) => {
    const next = moveEdge(chosen, count, edge, event.key);
    if (next === undefined && event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer.current);
    if (next === undefined) return onChoose(chosen);
    onDraft(next);
    timer.current = setTimeout(() => onChoose(next), PAUSE_MS);
  };
  const edge = (name: string, which: 0 | 1) => (
    <div
      className="brush-edge"
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={count - 1}
      aria-valuenow={which === 0 ? from : to}
      aria-valuetext={labelOf(which === 0 ? from : to + 1)}
      style={{ left: `${((which === 0 ? from : to + 1) / count) * 100}%` }}
      onKeyDown={keys(which)}
    />
  );
  return (
    <div
      className="brush"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        begun.current = placeOf(event);
        onPoint(undefined);
        onDraft(stretchTo(begun.current));
      }}
      onPointerMove={(event) => {
        if (begun.current === undefined) onPoint(placeOf(event));
        else onDraft(stretchTo(placeOf(event)));
      }}
      onPointerUp={(event) => {
        if (begun.current === undefined) return;
        const stretch = stretchTo(placeOf(event));
        begun.current = undefined;
        onChoose(stretch);
      }}
      onPointerCancel={() => {
        if (begun.current !== undefined) onChoose(chosen);
        begun.current = undefined;
      }}
      onPointerLeave={() => onPoint(undefined)}
    >
      <Bars counts={counts} from={from} to={to} />
      {chosen !== null && (
        <div
          className="brush-chosen"
          style={{ left: `${(from / count) * 100}%`, width: `${((to + 1 - from) / count) * 100}%` }}
        />
      )}
      {edge("From", 0)}
      {edge("To", 1)}
    </div>
  );
}

function Bars(props: { readonly counts: readonly (number | undefined)[]; readonly from: number; readonly to: number }) {
  const { counts, from, to } = props;
  const top = Math.max(...counts.map((each) => each ?? 0), 1);
  return (
    <svg viewBox={`0 0 ${Math.max(counts.length, 1)} 100`} preserveAspectRatio="none" aria-hidden="true">
      {counts.map((each, index) => {
        if (each === undefined) return null;
        const height = each === 0 ? 2 : Math.max((each / top) * 100, 6);
        const look = each === 0 ? "none" : index >= from && index <= to ? "inside" : "outside";
        return <rect key={index} className={look} x={index + 0.08} width={0.84} y={100 - height} height={height} />;
      })}
    </svg>
  );
}
