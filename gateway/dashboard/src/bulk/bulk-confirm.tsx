import { type FormEvent, useId, useState } from "react";
import { StateBadge } from "../tasks/state-badge.tsx";
import { Button } from "../ui/button.tsx";
import { displayText } from "../ui/display-text.ts";
import { Field } from "../ui/field.tsx";
import { plural } from "../ui/format-count.ts";
import type { BulkJob, BulkState } from "./bulk-job.ts";

/** From here on the number is written by hand: a slip must not end a day's work. */
const WRITTEN_FROM = 1_000;
const PACES = [0, 100, 10];

/** Says what will be done to how many, shows some of them, and asks. */
export function BulkConfirm(props: { readonly job: BulkJob; readonly state: BulkState; readonly onClose: () => void }) {
  const { job, state, onClose } = props;
  const { total, samples, capped } = state;
  const [written, setWritten] = useState("");
  const [pace, setPace] = useState(0);
  const id = useId();
  const cancels = job.action === "cancel";
  const sure = total < WRITTEN_FROM || written.replaceAll(/[\s,.]/g, "") === String(total);
  const run = (event: FormEvent) => {
    event.preventDefault();
    if (sure) void job.run(pace);
  };
  if (total === 0)
    return (
      <>
        <p>
          None of the tasks that fit {cancels ? "can be cancelled: they have ended" : "has ended and can be run again"}.
        </p>
        <div className="dialog-actions">
          <Button onClick={onClose}>Close</Button>
        </div>
      </>
    );
  return (
    <form className="dialog-form" onSubmit={run}>
      <p>
        <strong>{plural(total, "task")}</strong>{" "}
        {cancels
          ? "will be cancelled. What runs is told at once; what waits will not start."
          : "will be run again, each as a new task. The old ones stay as they are."}{" "}
        {capped && "There are more: one job takes at most 100,000, do it again for the rest."}
      </p>
      <ul className="bulk-samples" aria-label="Some of them">
        {samples.map((task) => (
          <li key={task.id}>
            <StateBadge status={task.status} reason={task.reason} /> <span>{displayText(task.name ?? "", 80)}</span>
            <span className="dim">{task.queue}</span>
          </li>
        ))}
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
      <div className="dialog-actions">
        <Button onClick={onClose}>Leave them</Button>
        <Button type="submit" look={cancels ? "danger" : "primary"} glyph={cancels ? "stop" : "retry"} disabled={!sure}>
          {cancels ? `Cancel ${plural(total, "task")}` : `Run ${plural(total, "task")} again`}
        </Button>
      </div>
    </form>
  );
}
