import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import type { Patience } from "../../sdk/typescript/client/patience.ts";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import { listTasks, type TaskFilter } from "../list-tasks.ts";
import { msOf } from "../render/time.ts";

/** The newest tasks of a filter as they are now. */
export interface LiveTasks {
  /** Newest first. */
  readonly tasks: readonly Task[];
  readonly connected: boolean;
}

/**
 * Keeps the newest `limit` tasks of a filter up to date from one stream, and reads them anew when the stream has a gap.
 * `onChange` is called after every change. Ends when `signal` fires.
 * @throws TssError when `patience` ends.
 */
export async function watchNewest(
  tasks: Tasks,
  filter: TaskFilter,
  limit: number,
  options: { readonly signal: AbortSignal; readonly patience: Patience; readonly onChange: (live: LiveTasks) => void },
): Promise<void> {
  const { signal, patience, onChange } = options;
  while (!signal.aborted) {
    const pass = new AbortController();
    try {
      // The stream is opened first: what changes while the list is read is not missed.
      const stream = tasks.watchTasks(
        { queue: filter.queue ?? "" },
        { signal: AbortSignal.any([signal, pass.signal]) },
      );
      const changes = stream[Symbol.asyncIterator]();
      let change = changes.next();
      // A failure is met where the change is awaited; the list may come first.
      change.catch(() => {});
      const newest = new Map<string, Task>();
      const page = await listTasks(tasks, filter, limit);
      for (const task of page.tasks) newest.set(task.id, task);
      patience.answered();
      onChange({ tasks: sorted(newest, limit), connected: true });
      while (true) {
        const { done, value } = await change;
        if (done || value.resync) break;
        if (value.task !== undefined) {
          apply(newest, value.task, filter);
          onChange({ tasks: sorted(newest, limit), connected: true });
        }
        change = changes.next();
      }
    } catch (error) {
      if (signal.aborted) return;
      onChange({ tasks: [], connected: false });
      await patience.failed(error, signal).catch((reason: unknown) => {
        if (!signal.aborted) throw reason;
      });
    } finally {
      pass.abort();
    }
  }
}

function apply(newest: Map<string, Task>, task: Task, filter: TaskFilter): void {
  if (matches(task, filter)) newest.set(task.id, task);
  else newest.delete(task.id);
}

/** The stream is narrowed by queue only; the rest of the filter is applied here. */
export function matches(task: Task, filter: TaskFilter): boolean {
  const status = filter.status ?? [];
  if (status.length > 0 && !status.includes(task.status)) return false;
  if (filter.queue && task.queue !== filter.queue) return false;
  if (filter.name && task.name !== filter.name) return false;
  if (filter.type && task.type !== filter.type) return false;
  return (filter.label ?? []).every((label) => {
    const at = label.indexOf("=");
    if (at === -1) return task.labels[label] !== undefined;
    return task.labels[label.slice(0, at)] === label.slice(at + 1);
  });
}

/** Newest first; what does not fit is forgotten, so that the map stays small. */
function sorted(newest: Map<string, Task>, limit: number): Task[] {
  const all = [...newest.values()].sort(
    (one, other) => (msOf(other.createdAt) ?? 0) - (msOf(one.createdAt) ?? 0) || (other.id > one.id ? 1 : -1),
  );
  for (const task of all.slice(limit)) newest.delete(task.id);
  return all.slice(0, limit);
}
