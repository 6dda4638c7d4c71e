import { type FormEvent, useId, useState } from "react";
import type { BulkJson } from "../../../../proto/gen/tss/v1/bulk_service_pb.js";
import { call } from "../api/call.ts";
import { StateBadge } from "../tasks/state-badge.tsx";
import { Button } from "../ui/button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Field } from "../ui/field.tsx";
import { plural } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";
import { type BulkAction, closeBulk, learnBulk, showBulk } from "./bulk.ts";

/** From here on the number is written by hand: a slip must not end a day's work. */
const WRITTEN_FROM = 1_000;
const PACES = [0, 100, 10];
/** Time to think better of it, as a proto duration. */
const UNDO = "10s";

/** Says what will be done to how many, shows some of them, and asks. */
export function BulkConfirm({ job, action }: { readonly job: BulkJson; readonly action: BulkAction }) {
  const { total = 0, samples = [], more = false } = job;
  const [written, setWritten] = useState("");
  const [pace, setPace] = useState(0);
  const { busy, problem, act } = useAction();
  const id = useId();
  const cancels = action === "cancel";
  const sure = total < WRITTEN_FROM || written.replaceAll(/[\s,.]/g, "") === String(total);
  const run = async (event: FormEvent) => {
    event.preventDefault();
    if (!sure) return;
    await act(async () => {
      const { bulk } = await call("BulkService", "runBulk", { id: job.id ?? "", perSecond: pace, delay: UNDO });
      if (bulk !== undefined) learnBulk(bulk);
      showBulk(true);
    });
  };
  if (total === 0)
    return (
      <>
        <p>None of them {cancels ? "can be cancelled: they have ended" : "has ended and can be run again"}.</p>
        <div className="dialog-actions">
          <Button onClick={closeBulk}>Close</Button>
        </div>
      </>
    );
  return (
    <form className="dialog-form" onSubmit={(event) => void run(event)}>
      <p>
        <strong>{plural(total, "task")}</strong>{" "}
        {cancels
          ? "will be cancelled. What runs is told at once; what waits will not start."
          : "will be run again, each as a new task. The old ones stay as they are."}{" "}
        {more && "There are more: one job takes at most 1,000,000, do it again for the rest."}
      </p>
      <ul className="bulk-samples" aria-label="Some of them">
        {samples.map((task) => (
          <li key={task.id}>
            <StateBadge status={task.status} reason={task.reason} /> <span>{displayText(task.name ?? "", 80)}</span>
            <span className="dim">{task.queue}</span>
          </li>
        ))}
        {total > samples.length && <li className="dim">and {plural(total - samples.length, "other")}</li>}
      </ul>
      {!cancels && (
        <div className="field">
          <label htmlFor={id}>How fast</label>
          <select id={id} value={pace} onChange={(event) => setPace(Number(event.target.value))}>
            {PACES.map((each) => (
              <option key={each} value={each}>
                {each === 0 ? "all at once" : `${each} a second`}
              </option>
            ))}
          </select>
        </div>
      )}
      {total >= WRITTEN_FROM && (
        <Field name="number" label={`Write ${total} to go on`} value={written} onChange={setWritten} />
      )}
      {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
      <p className="dim">It begins after 10 s in which it can be undone, and goes on when this page is shut.</p>
      <div className="dialog-actions">
        <Button onClick={closeBulk}>Leave them</Button>
        <Button
          type="submit"
          look={cancels ? "danger" : "primary"}
          glyph={cancels ? "stop" : "retry"}
          busy={busy}
          disabled={!sure}
        >
          {cancels ? `Cancel ${plural(total, "task")}` : `Run ${plural(total, "task")} again`}
        </Button>
      </div>
    </form>
  );
}
