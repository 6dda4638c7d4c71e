import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { plural } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { useStore } from "../ui/store.ts";
import { bulkJob } from "./bulk.ts";
import { BulkConfirm } from "./bulk-confirm.tsx";
import type { BulkJob } from "./bulk-job.ts";
import "../styles/bulk.css";

/** A job on many tasks, from its count to what it has come to. Shut while it runs, it goes on and is a line at the bottom. */
export function BulkDialog({ job }: { readonly job: BulkJob }) {
  const state = useStore(job.state);
  const [shut, setShut] = useState(false);
  const { phase, total, done } = state;
  const does = job.action === "cancel" ? "Cancel" : "Run again";
  const close = () => {
    if (phase === "running") return setShut(true);
    job.stop();
    bulkJob.set(null);
  };
  if (shut)
    return (
      <aside className="bulk-line" aria-label={does}>
        <Progress done={done} total={total} />
        <Button onClick={() => setShut(false)}>Show</Button>
      </aside>
    );
  return (
    <Dialog title={`${does}: all that fit`} onClose={close}>
      {phase === "counting" && <p role="status">Counting: {plural(total, "task")} so far …</p>}
      {phase === "ready" && <BulkConfirm job={job} state={state} onClose={close} />}
      {phase !== "counting" && phase !== "ready" && (
        <>
          <Progress done={done} total={total} />
          <Outcome job={job} />
          <div className="dialog-actions">
            {phase === "running" ? (
              <>
                <Button onClick={close}>Go on in the background</Button>
                <Button look="danger" glyph="stop" onClick={() => job.stop()}>
                  Stop
                </Button>
              </>
            ) : (
              <Button look="primary" onClick={close}>
                Close
              </Button>
            )}
          </div>
        </>
      )}
    </Dialog>
  );
}

function Progress({ done, total }: { readonly done: number; readonly total: number }) {
  return (
    <div className="bulk-progress">
      <progress value={done} max={Math.max(total, 1)} aria-label="Done" />
      <span className="tabular">
        {done.toLocaleString("en")} of {plural(total, "task")}
      </span>
    </div>
  );
}

/** What has been done so far, in words. */
function Outcome({ job }: { readonly job: BulkJob }) {
  const { phase, changed, refused, done, reasons, problem } = useStore(job.state);
  const left = done - changed - refused;
  const words = [
    `${plural(changed, "task")} ${job.action === "cancel" ? "cancelled" : "run again"}`,
    left > 0 ? `${left.toLocaleString("en")} had ended or were run again before` : "",
    refused > 0 ? `${refused.toLocaleString("en")} refused` : "",
  ].filter((text) => text !== "");
  const end = { done: "All done: ", stopped: "Stopped: ", failed: "It could not go on: " }[phase as string] ?? "";
  return (
    <>
      <p role="status">
        {end}
        {words.join(", ")}.
      </p>
      {problem !== "" && <Note meaning="bad">{problem}</Note>}
      {reasons.map((reason) => (
        <Note key={reason} meaning="attention">
          {reason}
        </Note>
      ))}
    </>
  );
}
