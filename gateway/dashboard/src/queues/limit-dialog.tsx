import { type FormEvent, useState } from "react";
import { LIMITS } from "../../../../proto/limits.ts";
import { call } from "../api/call.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { formatCount } from "../ui/format-count.ts";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";

/** How many attempts of the queue may run at a time. @param limit the one it has; 0: none. */
export function LimitDialog(props: { readonly name: string; readonly limit: number; readonly onClose: () => void }) {
  const { name, limit, onClose } = props;
  const [text, setText] = useState(limit > 0 ? String(limit) : "");
  const { busy, problem, act } = useAction();
  const wrong = checkLimit(text);
  const set = async (event: FormEvent) => {
    event.preventDefault();
    if (wrong === undefined && (await act(() => call("QueueService", "limitQueue", { name, limit: Number(text) }))))
      onClose();
  };
  return (
    <Dialog title={`Limit of ${name}`} onClose={onClose}>
      <form className="dialog-form" onSubmit={(event) => void set(event)}>
        <p>So many attempts of the queue run at a time, over all workers. What runs beyond a lower limit goes on.</p>
        <Field
          name="limit"
          label="Attempts at a time"
          hint="empty: no limit"
          value={text}
          onChange={setText}
          problem={wrong}
        />
        {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" busy={busy}>
            {text.trim() === "" ? "Take the limit away" : "Set the limit"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is wrong with it, if anything. */
export function checkLimit(text: string): string | undefined {
  const limit = Number(text.trim());
  if (text.trim() === "" || (Number.isInteger(limit) && limit >= 1 && limit <= LIMITS.queueLimit)) return undefined;
  return `A whole number from 1 to ${formatCount(LIMITS.queueLimit)}, or nothing for no limit.`;
}
