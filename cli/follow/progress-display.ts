import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import { painterFor } from "../render/color.ts";
import { progressLine } from "../render/progress-line.ts";

const REDRAW_MS = 100;
const CLEAR_LINE = "\r\u001b[K";

/** A line on stderr that shows how tasks are coming along; it is gone when stopped. */
export interface ProgressDisplay {
  /** Text above the line, for good. */
  say(text: string): void;
  stop(): void;
}

/** The line is drawn on a terminal only; elsewhere nothing is written but what `say` gets. */
export function showProgress(tasks: Tasks, ids: readonly string[], endedCount: () => number): ProgressDisplay {
  const stream = process.stderr;
  if (!stream.isTTY) return { say: (text) => stream.write(`${text}\n`), stop: () => {} };
  const paint = painterFor(stream);
  const watching = new AbortController();
  let current: Task | undefined;
  const [only] = ids;
  if (ids.length === 1 && only !== undefined)
    void watch(tasks, only, watching.signal, (task) => {
      current = task;
    });
  const draw = () => {
    const width = stream.columns || 80;
    if (current !== undefined) stream.write(CLEAR_LINE + progressLine(current, Date.now(), width, paint));
    else if (ids.length > 1) stream.write(`${CLEAR_LINE}${endedCount()} of ${ids.length} tasks have ended`);
  };
  const timer = setInterval(draw, REDRAW_MS);
  // The shell's prompt is to stand on a clean line.
  const onInterrupt = () => {
    stop();
    process.kill(process.pid, "SIGINT");
  };
  process.once("SIGINT", onInterrupt);
  const stop = () => {
    process.removeListener("SIGINT", onInterrupt);
    clearInterval(timer);
    watching.abort();
    stream.write(CLEAR_LINE);
  };
  return {
    say(text) {
      stream.write(`${CLEAR_LINE}${text}\n`);
      draw();
    },
    stop,
  };
}

/** The display is an extra: when its stream breaks, the wait beside it decides what happens. */
async function watch(tasks: Tasks, id: string, signal: AbortSignal, onTask: (task: Task) => void): Promise<void> {
  try {
    const { task } = await tasks.getTask({ id }, { signal });
    if (task !== undefined) onTask(task);
    for await (const change of tasks.watchTasks({ id }, { signal })) if (change.task !== undefined) onTask(change.task);
  } catch {
    // See above.
  }
}
