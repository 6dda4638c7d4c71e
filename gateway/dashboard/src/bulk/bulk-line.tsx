import { call } from "../api/call.ts";
import { readStamp } from "../time/format.ts";
import { useNow } from "../time/ticking.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { plural } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";
import { type BulkSight, closeBulk, learnBulk, showBulk } from "./bulk.ts";
import { BulkProgress, outcomeText } from "./bulk-progress.tsx";

/** At the bottom of every page: what is about to be done and can be undone, what is being done, and what was. */
export function BulkLine({ sight, lost }: { readonly sight: BulkSight; readonly lost: string | undefined }) {
  const { job, action } = sight;
  const now = useNow();
  const { busy, problem, act } = useAction();
  if (job === undefined) return null;
  const id = job.id ?? "";
  const seconds = Math.max(Math.ceil(((readStamp(job.startsAt) ?? now) - now) / 1_000), 0);
  const undo = () =>
    act(async () => {
      const { bulk } = await call("BulkService", "stopBulk", { id });
      if (bulk !== undefined) learnBulk(bulk);
    });
  const hurry = () => act(() => call("BulkService", "runBulk", { id, perSecond: job.perSecond ?? 0 }));
  return (
    <aside className="bulk-line" aria-label={action === "cancel" ? "Cancel" : "Run again"}>
      {job.phase === "BULK_PHASE_PENDING" ? (
        <>
          <p role="status">
            {plural(job.total ?? 0, "task")} will be {action === "cancel" ? "cancelled" : "run again"}
          </p>
          <Button look="primary" glyph="left" busy={busy} onClick={() => void undo()}>
            Undo
          </Button>
          <Button look="quiet" busy={busy} onClick={() => void hurry()}>
            Now ({seconds} s)
          </Button>
        </>
      ) : job.phase === "BULK_PHASE_RUNNING" ? (
        <>
          <BulkProgress job={job} />
          <Button onClick={() => showBulk(false)}>Show</Button>
        </>
      ) : (
        <>
          <p role="status">{outcomeText(job)}</p>
          <Button onClick={() => showBulk(false)}>Show</Button>
          <IconButton glyph="cross" label="Close" onClick={closeBulk} />
        </>
      )}
      {(problem?.message ?? lost) !== undefined && <Note meaning="attention">{problem?.message ?? lost}</Note>}
    </aside>
  );
}
