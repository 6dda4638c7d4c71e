import { call } from "../api/call.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { plural } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";
import { type BulkSight, closeBulk, isPrepared, learnBulk, showBulk } from "./bulk.ts";
import { BulkConfirm } from "./bulk-confirm.tsx";
import { BulkProgress, outcomeText } from "./bulk-progress.tsx";

/** A job on many tasks, from its count to what it has come to. */
export function BulkDialog({ sight, lost }: { readonly sight: BulkSight; readonly lost: string | undefined }) {
  const { job, action, what } = sight;
  const { busy, problem, act } = useAction();
  const told = sight.problem?.message ?? lost ?? problem?.message;
  const stop = () =>
    act(async () => {
      const { bulk } = await call("BulkService", "stopBulk", { id: job?.id ?? "" });
      if (bulk !== undefined) learnBulk(bulk);
    });
  const counting = job === undefined || job.phase === "BULK_PHASE_COUNTING";
  const running = job?.phase === "BULK_PHASE_RUNNING" || job?.phase === "BULK_PHASE_PENDING";
  return (
    <Dialog
      title={`${action === "cancel" ? "Cancel" : "Run again"}${what === "" ? "" : `: ${what}`}`}
      onClose={closeBulk}
    >
      {told !== undefined && <Note meaning="bad">{told}</Note>}
      {counting && told === undefined && <p role="status">Counting: {plural(job?.total ?? 0, "task")} so far …</p>}
      {job?.phase === "BULK_PHASE_READY" && lost === undefined && <BulkConfirm job={job} action={action} />}
      {job !== undefined && !isPrepared(job) && (
        <>
          <BulkProgress job={job} />
          <p role="status">{outcomeText(job)}</p>
          {job.problem !== undefined && <Note meaning={running ? "attention" : "bad"}>{job.problem}</Note>}
          {(job.reasons ?? []).map((reason) => (
            <Note key={reason} meaning="attention">
              {reason}
            </Note>
          ))}
        </>
      )}
      {job?.phase !== "BULK_PHASE_READY" && (
        <div className="dialog-actions">
          {running ? (
            <>
              <Button onClick={() => showBulk(true)}>Go on in the background</Button>
              <Button look="danger" glyph="stop" busy={busy} onClick={() => void stop()}>
                Stop
              </Button>
            </>
          ) : (
            <Button look={counting ? "plain" : "primary"} onClick={closeBulk}>
              {counting && told === undefined ? "Leave it" : "Close"}
            </Button>
          )}
        </div>
      )}
    </Dialog>
  );
}
