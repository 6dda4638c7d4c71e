import type { BulkJson } from "../../../../proto/gen/tss/v1/bulk_service_pb.js";
import type { TaskStatusJson } from "../../../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequestJson } from "../../../../proto/gen/tss/v1/task_service_pb.js";
import { call } from "../api/call.ts";
import { type Problem, toProblem } from "../api/problem.ts";
import { createStore } from "../ui/store.ts";

export type BulkAction = "cancel" | "retry";

/** The job this tab looks at. The coordinator carries it out, whoever looks. */
export interface BulkSight {
  /** undefined: it is being made, or could not be. */
  readonly job: BulkJson | undefined;
  readonly action: BulkAction;
  /** How it is called, e.g. "3 tasks" or "all that fit". */
  readonly what: string;
  /** A line at the bottom; else a dialog. */
  readonly small: boolean;
  readonly problem: Problem | undefined;
}

export const bulkSight = createStore<BulkSight | null>(null);

/** Statuses of tasks that an action is for. */
const POSSIBLE: Readonly<Record<BulkAction, readonly TaskStatusJson[]>> = {
  cancel: ["TASK_STATUS_WAITING", "TASK_STATUS_RUNNING"],
  retry: ["TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED", "TASK_STATUS_SUCCEEDED"],
};

export function isFor(action: BulkAction, status: TaskStatusJson | undefined): boolean {
  return status !== undefined && POSSIBLE[action].includes(status);
}

/** Whether any task of the search could be meant; which are, the server says. */
export function mayFit(action: BulkAction, { status = [], failure, error }: ListTasksRequestJson): boolean {
  if (failure !== undefined || error !== undefined) return action === "retry";
  return status.length === 0 || status.some((one) => isFor(action, one));
}

/** Has counted what the action would be done to; nothing is done before it is confirmed. */
export async function startBulk(
  action: BulkAction,
  of: { readonly filter: ListTasksRequestJson } | { readonly ids: readonly string[] },
  what: string,
): Promise<void> {
  const sight: BulkSight = { job: undefined, action, what, small: false, problem: undefined };
  bulkSight.set(sight);
  const name = action === "cancel" ? "BULK_ACTION_CANCEL" : "BULK_ACTION_RETRY";
  const about = "ids" in of ? { ids: [...of.ids] } : { filter: of.filter };
  try {
    const { bulk } = await call("BulkService", "prepareBulk", { action: name, ...about });
    if (bulkSight.get() === sight) bulkSight.set({ ...sight, job: bulk });
    else if (bulk?.id !== undefined) void call("BulkService", "stopBulk", { id: bulk.id });
  } catch (error) {
    if (bulkSight.get() === sight) bulkSight.set({ ...sight, problem: toProblem(error) });
  }
}

/** Takes up what this key has under way: a page that was shut and opened again shows it. */
export async function findBulk(keyId: string): Promise<void> {
  const { bulks = [] } = await call("BulkService", "listBulks", {});
  const job = bulks.find((bulk) => bulk.keyId === keyId && isUnderWay(bulk));
  if (job === undefined || bulkSight.get() !== null) return;
  const action = job.action === "BULK_ACTION_CANCEL" ? "cancel" : "retry";
  bulkSight.set({ job, action, what: "", small: true, problem: undefined });
}

export function isUnderWay({ phase }: BulkJson): boolean {
  return phase === "BULK_PHASE_PENDING" || phase === "BULK_PHASE_RUNNING";
}

export function isPrepared({ phase }: BulkJson): boolean {
  return phase === "BULK_PHASE_COUNTING" || phase === "BULK_PHASE_READY";
}

/** What the server says of the job now. */
export function learnBulk(job: BulkJson): void {
  const sight = bulkSight.get();
  if (sight !== null && (sight.job === undefined || sight.job.id === job.id)) bulkSight.set({ ...sight, job });
}

export function showBulk(small: boolean): void {
  const sight = bulkSight.get();
  if (sight !== null) bulkSight.set({ ...sight, small });
}

/** Looks away. What was only counted is forgotten; what is under way goes on, and is a line first. */
export function closeBulk(): void {
  const sight = bulkSight.get();
  const job = sight?.job;
  if (job !== undefined && isUnderWay(job) && sight?.small === false) return showBulk(true);
  if (job?.id !== undefined && isPrepared(job)) void call("BulkService", "stopBulk", { id: job.id }).catch(() => {});
  bulkSight.set(null);
}
