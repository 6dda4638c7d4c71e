import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { formatClock, readStamp, zone } from "../time/format.ts";
import { Note, Skeleton } from "../ui/note.tsx";
import { createStore, useStore } from "../ui/store.ts";
import { findLines, nextMatch } from "./find-lines.ts";
import type { LogView } from "./follow-log.ts";
import { LineText } from "./log-line.tsx";
import { LogToolbar } from "./log-toolbar.tsx";
import { useGround } from "./use-ground.ts";

/** How the reader likes output; the same for all tasks. */
export interface Taste {
  readonly wrap: boolean;
  readonly times: boolean;
}

export const taste = createStore<Taste>({ wrap: true, times: false });

const LINE = 20;

export interface LogPanelProps {
  readonly id: string;
  readonly attempt: number;
  readonly view: LogView;
  /** Lines the address names. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly onLines: (from: number, to: number | undefined) => void;
}

/** Lines of output that is over which need no window to scroll in. */
const FEW = 12;

export function LogPanel({ id, attempt, view, from, to, onLines }: LogPanelProps) {
  const { store, read, problem } = view;
  const lines = store.all();
  const { wrap, times } = useStore(taste);
  const where = useStore(zone);
  const [find, setFind] = useState("");
  const wanted = useDeferredValue(find.toLowerCase());
  const matches = useMemo(() => findLines(lines, wanted), [lines.length, store.next, wanted]);
  const [at, setAt] = useState(-1);
  const [following, setFollowing] = useState(from === undefined && !store.ended);
  const box = useRef<HTMLDivElement>(null);
  const ground = useGround(box);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 20,
  });
  const show = (index: number, align: "start" | "center" | "end" = "center") => rows.scrollToIndex(index, { align });

  useEffect(() => {
    if (following && lines.length > 0) show(lines.length - 1, "end");
  }, [lines.length, following]);
  useEffect(() => {
    if (from !== undefined && read) show(from - 1 - store.dropped);
  }, [from, read]);
  useEffect(() => rows.measure(), [wrap, times]);

  const step = (way: 1 | -1) => {
    const next = nextMatch(matches, at, way);
    if (next < 0) return;
    setFollowing(false);
    setAt(next);
    show(next);
  };
  return (
    <div className="log-panel">
      <LogToolbar
        {...{ id, attempt, find, following, matches: matches.length, lines: lines.length }}
        current={matches.indexOf(at)}
        live={!store.ended}
        onFind={setFind}
        onStep={step}
        onFollow={(on) => {
          setFollowing(on);
          if (on) show(lines.length - 1, "end");
        }}
      />
      {problem !== undefined && <Note meaning="attention">{problem.message}</Note>}
      {store.dropped > 0 && (
        <Note meaning="waiting">
          The first {store.dropped.toLocaleString("en")} lines are not shown here; the download has all.
        </Note>
      )}
      <div
        ref={box}
        className={`log-box ${wrap ? "wrap" : ""} ${store.ended && lines.length < FEW ? "few" : ""}`}
        role="region"
        aria-label="Output"
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
        onKeyDown={(event) => ["PageUp", "Home", "ArrowUp"].includes(event.key) && setFollowing(false)}
        onTouchMove={() => setFollowing(false)}
      >
        {!read && lines.length === 0 && <Skeleton rows={3} />}
        {read && lines.length === 0 && (
          <p className="log-none">
            {store.ended ? "It wrote nothing." : "Nothing written yet; what comes is shown at once."}
          </p>
        )}
        <div className="log-space" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start, key }) => {
            const line = lines[index];
            if (line === undefined) return null;
            const named = from !== undefined && line.number >= from && line.number <= (to ?? from);
            return (
              <div
                key={key}
                ref={rows.measureElement}
                data-index={index}
                className={`log-line ${named ? "named" : ""} ${index === at ? "at" : ""}`}
                style={{ transform: `translateY(${start}px)` }}
              >
                <button
                  type="button"
                  className="log-number"
                  tabIndex={-1}
                  aria-label={`Link to line ${line.number}`}
                  onClick={(event) =>
                    event.shiftKey && from !== undefined
                      ? onLines(Math.min(from, line.number), Math.max(from, line.number))
                      : onLines(line.number, undefined)
                  }
                >
                  {line.number}
                </button>
                {times && (
                  <span className="log-time">
                    {line.at === undefined ? "" : formatClock(readStamp(line.at) ?? 0, where)}
                  </span>
                )}
                <LineText line={line} find={wanted} ground={ground} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
