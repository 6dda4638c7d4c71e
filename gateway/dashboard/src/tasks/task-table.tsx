import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Button } from "../ui/button.tsx";
import { plural } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { TaskRow } from "./task-row.tsx";
import type { Chosen } from "./use-chosen.ts";
import type { TaskList } from "./use-task-list.ts";

const ROW = 40;

/** Rows of the list that are in sight, out of however many there are. */
export function TaskTable(props: {
  readonly list: TaskList;
  /** null: rows are not chosen by who looks. */
  readonly chosen: Chosen | null;
  readonly onHold: (held: boolean) => void;
}) {
  const { list, chosen, onHold } = props;
  const box = useRef<HTMLDivElement>(null);
  const narrow = matchMedia("(max-width: 700px)").matches;
  const rows = useVirtualizer({
    count: list.order.length,
    getScrollElement: () => box.current,
    estimateSize: () => (narrow ? 64 : ROW),
    getItemKey: (index) => list.order[index] ?? index,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (list.more && !list.reading && list.problem === undefined && last >= list.order.length - 20) list.readMore();
  }, [last, list]);
  const hold = useHold(onHold);
  return (
    <div className="task-table" {...hold.pointer}>
      {list.fresh > 0 && (
        <Button
          look="primary"
          glyph="up"
          className="fresh"
          onClick={() => {
            box.current?.scrollTo({ top: 0 });
            list.letIn();
          }}
        >
          {list.fresh >= 100 ? "100 or more new" : `${list.fresh} new`}
        </Button>
      )}
      <div
        className={`task-grid ${chosen === null ? "" : "picked"}`}
        role="table"
        aria-label="Tasks"
        aria-rowcount={list.more ? -1 : list.order.length + 1}
      >
        <TableHead list={list} chosen={chosen} />
        <div ref={box} className="task-rows" role="rowgroup" tabIndex={0} aria-label="Rows" onScroll={hold.scrolled}>
          <div className="task-space" role="presentation" style={{ height: rows.getTotalSize() }}>
            {items.map(({ index, start, key }) => {
              const task = list.rows.get(list.order[index] ?? "");
              if (task === undefined) return null;
              const id = task.id ?? "";
              return (
                <TaskRow
                  key={key}
                  {...{ task, index, top: start }}
                  chosen={chosen?.ids.has(id)}
                  onChoose={(range) => chosen?.toggle(id, range)}
                />
              );
            })}
          </div>
        </div>
      </div>
      <p className="table-foot" role="status">
        {list.reading && <Glyph name="retry" className="spin" />}
        {plural(list.order.length, "task")} {list.more ? "read so far" : "in all"}
      </p>
    </div>
  );
}

const COLUMNS = ["Status", "Name", "Queue", "Attempt", "Ran", "Created"];
const NUMBERS = new Set(["Attempt", "Ran", "Created"]);

function TableHead({ list, chosen }: { readonly list: TaskList; readonly chosen: Chosen | null }) {
  const all = list.order.length > 0 && list.order.every((id) => chosen?.ids.has(id));
  return (
    <div role="rowgroup">
      <div role="row" className="task-row task-head" aria-rowindex={1}>
        {chosen !== null && (
          <div role="columnheader" className="cell-pick">
            <input
              type="checkbox"
              aria-label="Choose all that are read"
              checked={all}
              ref={(box) => {
                if (box !== null) box.indeterminate = !all && chosen.ids.size > 0;
              }}
              onChange={() => chosen.set(all ? [] : list.order)}
            />
          </div>
        )}
        {COLUMNS.map((name) => (
          <div key={name} role="columnheader" className={NUMBERS.has(name) ? "cell-number" : ""}>
            {name}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The list is held while it is scrolled down or somebody points at it with a mouse. */
function useHold(onHold: (held: boolean) => void) {
  const state = useRef({ over: false, down: false });
  const change = (next: Partial<{ over: boolean; down: boolean }>) => {
    Object.assign(state.current, next);
    onHold(state.current.over || state.current.down);
  };
  return {
    scrolled: (event: { currentTarget: HTMLElement }) => change({ down: event.currentTarget.scrollTop > 4 }),
    pointer: {
      onPointerEnter: (event: { pointerType: string }) => event.pointerType === "mouse" && change({ over: true }),
      onPointerLeave: () => change({ over: false }),
    },
  };
}
