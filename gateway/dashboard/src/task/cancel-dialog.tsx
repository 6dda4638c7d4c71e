import type { TaskJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import { formatDuration, readSeconds } from "../time/format.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { displayText } from "../ui/display-text.ts";

const GRACE_MS = 10_000;

/** Asks before work is ended, and says what will happen. */
export function CancelDialog(props: {
  readonly task: TaskJson;
  readonly onCancel: () => void;
  readonly onClose: () => void;
}) {
  const { task, onCancel, onClose } = props;
  const grace = readSeconds(task.spec?.cancelGrace) ?? GRACE_MS;
  const running = task.status === "TASK_STATUS_RUNNING";
  return (
    <Dialog title="Cancel this task?" onClose={onClose}>
      <p>
        <strong>{displayText(task.name ?? "")}</strong>
      </p>
      <p>
        {running
          ? `Its worker is told at once. A command gets SIGTERM, and SIGKILL after ${formatDuration(grace)}; a handler's signal fires.`
          : "It has not started and will not."}{" "}
        A cancelled task can be run again.
      </p>
      <div className="dialog-actions">
        <Button onClick={onClose}>Leave it</Button>
        <Button look="danger" glyph="stop" onClick={onCancel}>
          Cancel the task
        </Button>
      </div>
    </Dialog>
  );
}
