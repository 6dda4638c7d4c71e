import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { call } from "../api/call.ts";
import { serverNow } from "../time/server-clock.ts";
import { createStore } from "../ui/store.ts";
import { type BulkAction, BulkJob } from "./bulk-job.ts";

/** The job of this tab; it goes on while one looks at other pages. */
export const bulkJob = createStore<BulkJob | null>(null);

/** Begins to count what the action would be done to; nothing is done before it is confirmed. */
export function startBulk(action: BulkAction, request: ListTasksRequestJson): void {
  if (bulkJob.get()?.state.get().phase === "running") return;
  bulkJob.get()?.stop();
  const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const job = new BulkJob(action, request, { call, now: serverNow, pause });
  bulkJob.set(job);
  void job.count();
}

addEventListener("beforeunload", (event) => {
  if (bulkJob.get()?.state.get().phase === "running") event.preventDefault();
});
