import { constants } from "node:os";
import { type Task, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { EXIT } from "../exit-codes.ts";
import { endSignal } from "../render/words.ts";

/**
 * The code `tss run` ends with: what a shell would give for the same command here — its exit code, 128 + n after signal
 * n, 127 when it could not be started, 124 when it ran out of time (as timeout(1)) — and 1 when nothing ran to an end.
 */
export function exitCodeOfTask(task: Task): number {
  if (task.status === TaskStatus.SUCCEEDED) return task.exitCode ?? EXIT.ok;
  switch (task.reason) {
    case TaskReason.EXIT_CODE:
      return task.exitCode || EXIT.failed;
    case TaskReason.SIGNAL:
      return 128 + (constants.signals[endSignal(task) as NodeJS.Signals] ?? 0);
    case TaskReason.OUT_OF_MEMORY:
      return 128 + constants.signals.SIGKILL;
    case TaskReason.TIMED_OUT:
      return 124;
    case TaskReason.SPAWN_ERROR:
      return 127;
    default:
      return EXIT.failed;
  }
}
