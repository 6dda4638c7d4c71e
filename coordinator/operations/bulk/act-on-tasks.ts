import { create } from "@bufbuild/protobuf";
import { statusName, TssError } from "../../../proto/errors.ts";
import { BulkAction } from "../../../proto/gen/tss/v1/bulk_service_pb.js";
import { TaskReason, TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { CancelTasksRequestSchema, RetryTasksRequestSchema } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { reading } from "../../engine/reading.ts";
import type { EngineState } from "../../engine/state.ts";
import { findTask } from "../find-task.ts";
import type { Caller, TaskOperations } from "../operations.ts";
import type { BulkRecord } from "./bulk-record.ts";

/** What came of some tasks. Those that are in none of the lists had ended before. */
export interface Acted {
  readonly changed: number;
  /** Why each of the refused was. */
  readonly refusals: readonly string[];
  /** Cannot be done just now, or it is not known whether it was: done again it is the same. */
  readonly later: readonly string[];
  /** Why not. */
  readonly problem: string;
}

type Outcome = "changed" | "unchanged" | TssError;

/** Codes that another try may change. */
const PASSING = new Set(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "ABORTED"]);

export function isPassing(error: unknown): boolean {
  return error instanceof TssError && PASSING.has(error.code);
}

/**
 * Does it to each task, whoever owns it; answers after the commits. Done again it says the same: a task that the job has run
 * again makes no second one, and one that it has cancelled is counted though the first answer was lost.
 * @param ids to be cancelled: they had not ended when they were chosen.
 */
export async function actOnTasks(
  state: EngineState,
  tasks: Pick<TaskOperations, "cancelTasks" | "retryTasks">,
  caller: Caller,
  job: Pick<BulkRecord, "action" | "id">,
  ids: readonly string[],
): Promise<Acted> {
  const answers: readonly Outcome[] = await ask(tasks, { ...caller, inJob: true }, job, ids).catch((error: unknown) => {
    if (error instanceof TssError && isPassing(error)) return ids.map(() => error);
    throw error;
  });
  if (answers.includes("unchanged")) await reading(() => state.refresh()).catch(() => {});
  const outcomes = await Promise.all(
    answers.map((answer, at) => (answer === "unchanged" ? lookAt(state, ids[at] as string) : answer)),
  );
  const acted = { changed: 0, refusals: [] as string[], later: [] as string[], problem: "" };
  for (const [at, outcome] of outcomes.entries())
    if (outcome === "changed") acted.changed++;
    else if (outcome === "unchanged") continue;
    else if (!isPassing(outcome)) acted.refusals.push(outcome.message);
    else {
      acted.later.push(ids[at] as string);
      acted.problem = outcome.message;
    }
  return acted;
}

async function ask(
  tasks: Pick<TaskOperations, "cancelTasks" | "retryTasks">,
  caller: Caller,
  { action, id }: Pick<BulkRecord, "action" | "id">,
  ids: readonly string[],
): Promise<readonly Outcome[]> {
  if (action === BulkAction.CANCEL) {
    const { results } = await tasks.cancelTasks(caller, create(CancelTasksRequestSchema, { ids: [...ids] }));
    return results.map(({ result, changed }) =>
      result.case === "error" ? errorOf(result.value) : changed ? "changed" : "unchanged",
    );
  }
  const { results } = await tasks.retryTasks(caller, create(RetryTasksRequestSchema, { ids: [...ids], requestId: id }));
  return results.map(({ result }) => (result.case === "error" ? errorOf(result.value) : "changed"));
}

function errorOf({ code, message }: { readonly code: number; readonly message: string }): TssError {
  return new TssError(statusName(code), message);
}

/** A task that had not ended and is cancelled by now: by this job, of which a coordinator that has gone did not tell. */
async function lookAt(state: EngineState, id: string): Promise<Outcome> {
  try {
    const { end } = await findTask(state, id);
    return end?.status === TaskStatus.CANCELLED && end.reason === TaskReason.ABORTED ? "changed" : "unchanged";
  } catch (error) {
    if (error instanceof TssError) return isPassing(error) ? error : "unchanged";
    throw error;
  }
}
