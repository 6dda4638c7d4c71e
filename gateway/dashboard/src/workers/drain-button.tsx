import { useState } from "react";
import { call } from "../api/call.ts";
import { may } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";

/** Asks before a worker is told to take nothing more: it cannot be taken back. */
export function DrainButton({ id, name }: { readonly id: string; readonly name: string }) {
  const [asking, setAsking] = useState(false);
  const { busy, problem, act } = useAction();
  if (!may("WorkerRegistryService/DrainWorker")) return null;
  const drain = async () => {
    if (await act(() => call("WorkerRegistryService", "drainWorker", { sessionId: id }))) setAsking(false);
  };
  return (
    <div className="actions">
      <Button glyph="stop" onClick={() => setAsking(true)}>
        Drain
      </Button>
      {asking && (
        <Dialog title="Drain this worker?" onClose={() => setAsking(false)}>
          <p>
            <strong>{name}</strong> takes nothing more, finishes what it holds and leaves. To have it back, start it
            again.
          </p>
          {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
          <div className="dialog-actions">
            <Button onClick={() => setAsking(false)}>Leave it</Button>
            <Button look="danger" glyph="stop" busy={busy} onClick={() => void drain()}>
              Drain the worker
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
