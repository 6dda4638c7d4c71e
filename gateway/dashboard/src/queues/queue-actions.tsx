import { useState } from "react";
import type { QueueJson } from "../../../../proto/gen/tss/v1/operator_service_pb.js";
import { call } from "../api/call.ts";
import { may } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Note } from "../ui/note.tsx";
import { useAction } from "../ui/use-action.ts";
import { LimitDialog } from "./limit-dialog.tsx";
import { PauseDialog } from "./pause-dialog.tsx";

/** What who is signed in may do with the queue. */
export function QueueActions({ queue }: { readonly queue: QueueJson }) {
  const [open, setOpen] = useState<"pause" | "limit">();
  const { busy, problem, act } = useAction();
  const { name = "", limit = 0 } = queue;
  const close = () => setOpen(undefined);
  return (
    <>
      <div className="actions">
        {!queue.paused && may("QueueService/PauseQueue") && (
          <Button glyph="pause" onClick={() => setOpen("pause")}>
            Pause
          </Button>
        )}
        {queue.paused && may("QueueService/ResumeQueue") && (
          <Button
            glyph="play"
            look="primary"
            busy={busy}
            onClick={() => void act(() => call("QueueService", "resumeQueue", { name }))}
          >
            Resume
          </Button>
        )}
        {may("QueueService/LimitQueue") && (
          <Button glyph="gauge" onClick={() => setOpen("limit")}>
            {limit > 0 ? "Change limit" : "Set a limit"}
          </Button>
        )}
      </div>
      {problem !== undefined && <Note meaning="bad">{problem.message}</Note>}
      {open === "pause" && <PauseDialog name={name} onClose={close} />}
      {open === "limit" && <LimitDialog name={name} limit={limit} onClose={close} />}
    </>
  );
}
