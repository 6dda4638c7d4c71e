import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { History } from "../evidence/history.ts";
import type { System } from "./start-system.ts";
import { shownOf } from "./task-calls.ts";

/** Somebody at each coordinator who watches a queue, and comes back with the last cursor when the stream breaks. */
export function startWatchers(system: System, history: History, queue: string): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const watching = system.coordinators.map(async ({ process: { name }, connection }) => {
    let cursor = "";
    while (!stopping.signal.aborted) {
      try {
        const { signal } = stopping;
        for await (const seen of connection.service(TaskService).watchTasks({ queue, cursor }, { signal })) {
          cursor = seen.cursor;
          if (seen.task !== undefined)
            history.saw({ watcher: `watcher-${name}`, id: seen.task.id, ...shownOf(seen.task) });
        }
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(watching);
    },
  };
}
