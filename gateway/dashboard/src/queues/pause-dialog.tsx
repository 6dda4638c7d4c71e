import { type FormEvent, useState } from "react";
import { LIMITS } from "../../../../proto/limits.ts";
import { call } from "../api/call.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";

/** Asks why: who meets the pause later reads it beside the queue, its tasks and in the activity. */
export function PauseDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const [note, setNote] = useState("");
  const { busy, problem, act } = useAction();
  const tooLong = new TextEncoder().encode(note).length > LIMITS.pauseNoteBytes;
  const pause = async (event: FormEvent) => {
    event.preventDefault();
    if (!tooLong && (await act(() => call("QueueService", "pauseQueue", { name, note: note.trim() })))) onClose();
  };
  return (
    <Dialog title={`Pause ${name}?`} onClose={onClose}>
      <form className="dialog-form" onSubmit={(event) => void pause(event)}>
        <p>Nothing of the queue starts until it is resumed. What runs goes on, and tasks are still accepted.</p>
        <Field
          name="note"
          label="Why"
          hint="shown to everybody who asks why its tasks wait"
          value={note}
          onChange={setNote}
          problem={tooLong ? "At most 1 KiB." : undefined}
        />
        {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" glyph="pause" look="primary" busy={busy}>
            Pause the queue
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
