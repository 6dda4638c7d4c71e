import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { type BulkAction, isFor, mayFit, startBulk } from "../bulk/bulk.ts";
import { may } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { formatCount, plural } from "../ui/format-count.ts";
import { Glyph } from "../ui/glyph.tsx";
import { Menu } from "../ui/menu.tsx";
import "../styles/chosen.css";

const ACTIONS = [
  { action: "cancel", method: "TaskService/CancelTasks", glyph: "stop", them: "Cancel them", some: "Cancel" },
  { action: "retry", method: "TaskService/RetryTasks", glyph: "retry", them: "Run them again", some: "Run again" },
] as const;

/** Tasks that may be named in one job. */
const MOST = 1_000;

/** Whether rows are to be chosen at all. */
export function mayAct(): boolean {
  return may("BulkService/RunBulk") && ACTIONS.some(({ method }) => may(method));
}

/** What can be done to every task that fits the search. */
export function BulkMenu({ request }: { readonly request: ListTasksRequestJson }) {
  const items = ACTIONS.filter(({ action, method }) => may(method) && mayFit(action, request)).map(
    ({ action, glyph, them }) => ({
      label: them,
      glyph,
      run: () => void startBulk(action, { filter: request }, "all that fit"),
    }),
  );
  if (!mayAct() || items.length === 0) return null;
  return (
    <Menu label="Do something to all that fit" items={items}>
      <Glyph name="list" />
      All that fit
      <Glyph name="down" />
    </Menu>
  );
}

/** What can be done to the rows that are chosen. */
export function ChosenBar(props: { readonly chosen: readonly TaskJson[]; readonly onClear: () => void }) {
  const { chosen, onClear } = props;
  const idsFor = (action: BulkAction) => chosen.filter(({ status }) => isFor(action, status)).map(({ id }) => id ?? "");
  return (
    <section className="chosen-bar" aria-label="Chosen tasks">
      <span role="status">{plural(chosen.length, "task")} chosen</span>
      {ACTIONS.filter(({ method }) => may(method)).map(({ action, glyph, some }) => {
        const ids = idsFor(action);
        return (
          <Button
            key={action}
            glyph={glyph}
            disabled={ids.length === 0 || ids.length > MOST}
            title={ids.length > MOST ? `At most ${formatCount(MOST)}: use "All that fit" for more.` : undefined}
            onClick={() => void startBulk(action, { ids }, plural(ids.length, "chosen task"))}
          >
            {some} {ids.length < chosen.length && ids.length > 0 ? `(${formatCount(ids.length)})` : ""}
          </Button>
        );
      })}
      <Button look="quiet" glyph="cross" data-key="Escape" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}
